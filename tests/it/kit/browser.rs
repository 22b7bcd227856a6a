//! Chromium with somebody at it: pages are opened, clicked and typed into by its `DevTools` protocol
//! (chromedevtools.github.io/devtools-protocol), over a pair of pipes.

use super::programs::{ALONE, Directory};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a page may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// A browser with one page. Dropping it closes it.
pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: String,
    calls: u64,
    /// What went wrong on its pages: blocked by a policy, not loaded, written to the console as an error, thrown.
    pub troubles: Vec<String>,
    _profile: Directory,
}

impl Browser {
    /// With a page so many pixels wide.
    pub fn open(width: u32, height: u32) -> Self {
        let profile = Directory::new("browser");
        let flags = [format!("--user-data-dir={}", profile.path("profile")), "--remote-debugging-pipe".to_owned()];
        // It reads from descriptor 3 and writes to 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec chromium \"$@\" 3<&0 4>&1 >/dev/null 2>&1", "sh"]).args(ALONE).args(flags);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let (to, from) = (process.stdin.take().expect("a pipe"), BufReader::new(process.stdout.take().expect("a pipe")));
        let mut browser = Self { process, to, from, session: String::new(), calls: 0, troubles: Vec::new(), _profile: profile };
        let page = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached = browser.call("Target.attachToTarget", &json!({ "targetId": page["targetId"], "flatten": true }));
        attached["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        browser.call("Emulation.setDeviceMetricsOverride", &metrics);
        browser
    }

    pub fn go(&mut self, url: &str) {
        let gone = self.call("Page.navigate", &json!({ "url": url }));
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
    }

    /// The value of a JavaScript expression on the page.
    pub fn ask(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.ask(expression) != true {
            assert!(begun.elapsed() < PATIENCE, "{expression} never was, with {:?}", self.troubles);
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Clicks the first element that a selector finds, once there is one.
    pub fn click(&mut self, selector: &str) {
        self.until(&format!("document.querySelector({}) !== null", json!(selector)));
        self.ask(&format!("document.querySelector({}).click()", json!(selector)));
    }

    /// Types a text into the first element that a selector finds.
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.until(&format!("document.querySelector({}) !== null", json!(selector)));
        self.ask(&format!("document.querySelector({}).focus()", json!(selector)));
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// One call of the protocol; what is told meanwhile is looked at.
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        write!(self.to, "{call}\0").expect("chromium can't be run, which this test needs");
        loop {
            let mut told = Vec::new();
            self.from.read_until(0, &mut told).expect("a message");
            assert_eq!(told.pop(), Some(0), "chromium can't be run, which this test needs, or has gone away at {method}");
            let told: Value = serde_json::from_slice(&told).expect("JSON");
            if told["id"] == self.calls {
                assert!(told["error"].is_null(), "{method}: {told}");
                return told["result"].clone();
            }
            self.troubles.extend(trouble(&told["method"], &told["params"]));
        }
    }
}

/// What an event of the protocol says that went wrong.
fn trouble(method: &Value, params: &Value) -> Option<String> {
    match method.as_str()? {
        "Log.entryAdded" if params["entry"]["level"] == "error" => Some(params["entry"].to_string()),
        "Runtime.consoleAPICalled" if ["error", "assert"].map(Value::from).contains(&params["type"]) => Some(params["args"].to_string()),
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Network.loadingFailed" => Some(params.to_string()),
        "Network.responseReceived" if params["response"]["status"].as_u64() >= Some(400) => Some(params["response"]["url"].to_string()),
        _ => None,
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
