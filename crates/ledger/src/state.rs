//! The states of a batch and the lanes it can be loaded in.

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every one, in the order a batch meets them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word that stands for it in the database and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err($crate::UnknownWord) }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a batch stands. It never moves back, except from `failed` to `loading`.
    State {
        /// Known, not yet begun.
        Received = "received",
        /// A loader holds it.
        Loading = "loading",
        /// Its rows are in the table.
        Committed = "committed",
        /// A dry run whose content would have been committed.
        Checked = "checked",
        /// The data is wrong: the partner must act.
        Rejected = "rejected",
        /// We are wrong, or something is down: retried, then an operator acts.
        Failed = "failed",
        /// The same content was committed before, as another batch.
        Duplicate = "duplicate",
        /// It was committed and its rows were taken out again.
        Undone = "undone",
    }
}

words! {
    /// Where a batch is loaded.
    Lane {
        /// AWS Lambda.
        Function = "function",
        /// A container.
        Task = "task",
        /// EMR Serverless.
        Spark = "spark",
    }
}

impl State {
    /// Whether nothing more happens to the batch by itself.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Received | Self::Loading)
    }
}

/// The text is none of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the known words")]
pub struct UnknownWord;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_from_its_word() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
            assert_eq!(serde_json::to_value(state).expect("a word"), state.as_str());
        }
        assert_eq!("LOADING".parse::<State>(), Err(UnknownWord));
    }
}
