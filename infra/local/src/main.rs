//! `cargo run`: the whole shop on this machine.

mod cli;

use cli::{Arguments, Command};
use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::parse(lexopt::Parser::from_env()) {
        Ok(Command::Run(arguments)) => run(arguments).await,
        Ok(Command::Help) => {
            cli::say(cli::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            cli::say(concat!("local ", env!("CARGO_PKG_VERSION")));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _nobody_listens = writeln!(std::io::stderr(), "{error}.\n\n{}", cli::USAGE);
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> ExitCode {
    match cli::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_listens = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
