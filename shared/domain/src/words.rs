//! Enums whose variants are words of the contract.

/// One of a set of words, as clients write it.
pub trait Word: Sized {
    /// All of the set, in the contract's order.
    const WORDS: &'static [&'static str];

    /// The value of a word; words are matched exactly.
    fn parse(word: &str) -> Option<Self>;
}

/// Declares an enum with one wire word a variant: serde, [`Display`](std::fmt::Display), [`Word`], `as_str`, `parse` and `ALL`.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:tt, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub enum $name {
            $( $(#[$doc])* #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// Every variant, in the contract's order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The contract's word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// The variant of a word; words are matched exactly.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$variant), )+ _ => None }
            }
        }

        impl $crate::Word for $name {
            const WORDS: &'static [&'static str] = &[ $( $word, )+ ];

            fn parse(word: &str) -> Option<Self> {
                Self::parse(word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;
