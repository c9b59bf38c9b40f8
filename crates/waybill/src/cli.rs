//! What can be typed. Only shapes and words: what a command does is in `commands`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::release::order::{Step, step};

/// Batches of records into PostgreSQL: all of a batch and once, or none and the reason row by row.
#[derive(Debug, Parser)]
#[command(
    name = "waybill",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit status: 0 done, 1 the data or the work failed, 2 misuse, \
3 something needed could not be reached.\n\
Without WAYBILL_URL the local stack is used, where one is up."
)]
pub(crate) struct Cli {
    /// Flags that every command has.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command has.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Print data as JSON, one value a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but data and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// The address of the API
    #[arg(
        long,
        global = true,
        env = "WAYBILL_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) url: Option<String>,
    /// The key for the API
    #[arg(
        long,
        global = true,
        env = "WAYBILL_API_KEY",
        hide_env_values = true,
        hide = true,
        value_name = "KEY"
    )]
    pub(crate) api_key: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The stack on this machine: PostgreSQL, an AWS emulator, the functions
    #[command(subcommand)]
    Local(Local),
    /// Send a file as one batch
    Submit(Submit),
    /// List batches, newest first
    Batches(Batches),
    /// Show one batch with its timeline
    Show {
        /// The batch's id
        id: String,
    },
    /// Print what was wrong with a rejected batch
    Errors {
        /// The batch's id
        id: String,
        /// How to print it
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
    },
    /// Follow one batch until it is settled, or all batches as they change
    Watch {
        /// The batch's id; without one all batches are followed
        id: Option<String>,
        /// Seconds between looks
        #[arg(long, default_value_t = 1.0, value_parser = seconds)]
        interval: f64,
    },
    /// Take a committed batch's rows out again
    Undo {
        /// The batch's id
        id: String,
        /// Wait until they are out
        #[arg(long, short)]
        wait: bool,
    },
    /// Stop a batch that waits or is being loaded; nothing of it is loaded
    Cancel {
        /// The batch's id
        id: String,
        /// Wait until it has stopped
        #[arg(long, short)]
        wait: bool,
    },
    /// Try a failed batch again, or everything in the dead-letter queue
    Replay(Replay),
    /// List the datasets and their contracts
    Datasets {
        /// One dataset, in full
        name: Option<String>,
        /// Check the contracts that this program was built with; needs no API. Exit 1 where one makes no sense
        #[arg(long, conflicts_with = "name")]
        check: bool,
    },
    /// Make up records of a dataset on stdout, the same for the same seed
    Sample(Sample),
    /// Bring a database to this release's schema
    Migrate(Owned),
    /// API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Releases: what one commit was built into
    #[command(subcommand)]
    Release(Release),
    /// Check everything that is needed and say what to do about what is missing
    Doctor,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The stack on this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum Local {
    /// Start or update it; returns when all is ready
    Up {
        /// The port of the AWS emulator and so of the API, if it is free
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// The port of PostgreSQL, if it is free
        #[arg(long, value_name = "PORT")]
        postgres_port: Option<u16>,
        /// Only PostgreSQL and the emulator, ready for Terraform to make the rest
        #[arg(long, conflicts_with = "functions")]
        bare: bool,
        /// The folder with the built functions; without it the folder of this program
        #[arg(long, env = "WAYBILL_FUNCTIONS", value_name = "DIR")]
        functions: Option<PathBuf>,
    },
    /// Stop it: every process that it started. What was loaded stays
    Down {
        /// Remove the data as well: database, objects, queues, logs
        #[arg(long)]
        purge: bool,
    },
    /// What runs, and where
    Status,
    /// Print `export` lines for a shell
    Env,
    /// Run the jobs of the task lane; started by `up`
    #[command(hide = true)]
    Tasks,
    /// Print every name and size of an environment
    Names {
        /// The environment
        #[arg(default_value = "local")]
        environment: String,
    },
}

/// Send a file as one batch.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command"
)]
pub(crate) struct Submit {
    /// The file: `.csv`, `.jsonl`, `.json` or `.xml`, plain, `.gz` or `.zst`
    pub(crate) file: PathBuf,
    /// The dataset that it is for
    #[arg(long, short)]
    pub(crate) dataset: String,
    /// Wait until the batch is settled; exit 1 unless its rows are in the table (a duplicate's are) or, for a dry
    /// run, could be
    #[arg(long, short)]
    pub(crate) wait: bool,
    /// Give up waiting after so many seconds
    #[arg(long, default_value_t = 3600.0, value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: f64,
    /// Check everything and load nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Load it although the same content was loaded before
    #[arg(long)]
    pub(crate) force: bool,
    /// Load it before all that is not urgent; needs a key with the scope batches:urgent
    #[arg(long)]
    pub(crate) urgent: bool,
    /// Refuse the batch unless it has exactly so many rows
    #[arg(long, value_name = "N")]
    pub(crate) expect_rows: Option<u64>,
    /// Refuse the batch unless its content, decompressed, has this SHA-256
    #[arg(long, value_name = "HEX")]
    pub(crate) expect_sha256: Option<String>,
    /// Sending again with the same key gives the same batch
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// List batches.
#[derive(Debug, Args)]
pub(crate) struct Batches {
    /// Only of this dataset
    #[arg(long, short)]
    pub(crate) dataset: Option<String>,
    /// Only in this state
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only received at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only received before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Lines for a person
    Text,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// The sender's own rows under the file's own header, to correct and send again
    Csv,
    /// The same, whatever format the file had
    Rows,
}

/// Try again.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The batch's id
    #[arg(
        required_unless_present = "dead_letters",
        conflicts_with = "dead_letters"
    )]
    pub(crate) id: Option<String>,
    /// Put every message of the dead-letter queue back into the queue
    #[arg(long, conflicts_with = "wait")]
    pub(crate) dead_letters: bool,
    /// Whose dead-letter queue; the local stack's where one is up
    #[arg(long, env = "WAYBILL_ENVIRONMENT", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Wait until the batch is settled again
    #[arg(long, short)]
    pub(crate) wait: bool,
}

/// What samples are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SampleFormat {
    /// Comma-separated, with a header
    Csv,
    /// One JSON object a line
    Jsonl,
    /// One JSON document
    Json,
    /// One XML document
    Xml,
}

impl SampleFormat {
    /// The contract's word for it.
    pub(crate) const fn format(self) -> contract::Format {
        match self {
            Self::Csv => contract::Format::Csv,
            Self::Jsonl => contract::Format::JsonLines,
            Self::Json => contract::Format::Json,
            Self::Xml => contract::Format::Xml,
        }
    }
}

/// Make up records.
#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// The dataset: regions, ports or prices
    pub(crate) dataset: String,
    /// How many
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) rows: u64,
    /// What they are written in
    #[arg(long, value_enum, default_value_t = SampleFormat::Csv)]
    pub(crate) format: SampleFormat,
    /// The same seed gives the same records
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(crate) seed: u64,
    /// A CSV of ports whose codes the prices use; without it those of examples/
    #[arg(long, value_name = "FILE")]
    pub(crate) ports: Option<PathBuf>,
    /// The first day of prices
    #[arg(long, default_value = "2021-01-01", value_name = "DAY")]
    pub(crate) from: jiff::civil::Date,
    /// How many days the prices cover
    #[arg(long, default_value_t = 365, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) days: u32,
    /// The share of records that are wrong, 0 to 1, of ten kinds
    #[arg(long, default_value_t = 0.0, value_name = "RATE", value_parser = rate)]
    pub(crate) bad: f64,
}

/// Whose database, and how its owner's work is done there.
#[derive(Debug, Args)]
pub(crate) struct Owned {
    /// The owner's address of the database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// An environment in AWS, through its own function (names begin with WAYBILL_PREFIX)
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,
}

/// Releases.
#[derive(Debug, Subcommand)]
pub(crate) enum Release {
    /// Pack built functions: a zip each, and the release's manifest
    Build {
        /// The release's name: the commit
        #[arg(long, value_name = "COMMIT", value_parser = release_name)]
        release: String,
        /// The folder with the built functions
        #[arg(long, value_name = "DIR")]
        functions: PathBuf,
        /// The PEM file with the authorities that database servers are verified against
        #[arg(long, value_name = "FILE")]
        authorities: PathBuf,
        /// Where zips and manifest are written
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Upload what was packed; a release that is there already must be the same to the byte
    Upload {
        /// The folder that `build` wrote
        folder: PathBuf,
        /// The artifact bucket
        #[arg(long, value_name = "NAME")]
        bucket: String,
        /// For a preview: beside the releases, where no other environment takes code from
        #[arg(long)]
        preview: bool,
    },
    /// Bring a release that was uploaded out in an environment
    Start(Start),
    /// What is live in an environment, and what is on its way
    Status {
        /// The environment
        #[arg(long, value_name = "NAME")]
        environment: String,
    },
    /// Follow the release that is on its way, or see how the last one went
    Watch {
        /// The environment
        #[arg(long, value_name = "NAME")]
        environment: String,
        /// An execution's ARN; without it the one that is on its way, or the newest
        execution: Option<String>,
    },
    /// Go back to the release before; one that is on its way is stopped and taken back
    Rollback(Rollback),
    /// Stop the release that is on its way and put every alias back
    Stop {
        /// The environment
        #[arg(long, value_name = "NAME")]
        environment: String,
    },
    /// Put back what a release left that was stopped or died, and free its lock
    Recover {
        /// The environment
        #[arg(long, value_name = "NAME")]
        environment: String,
    },
    /// The newest releases of an environment, and how they ended
    List {
        /// The environment
        #[arg(long, value_name = "NAME")]
        environment: String,
        /// How many
        #[arg(long, default_value_t = 20, value_name = "N")]
        most: usize,
    },
}

/// A release to bring out.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// The environment
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: String,
    /// The release, as it was uploaded
    #[arg(long, value_name = "COMMIT", value_parser = release_name)]
    pub(crate) release: String,
    /// The artifact bucket; <prefix>-artifacts unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// It was uploaded for a preview
    #[arg(long)]
    pub(crate) preview: bool,
    /// A step instead of the environment's own: its share in per cent, the shortest and the longest wait in seconds, and
    /// the requests it needs; may be repeated
    #[arg(long = "step", value_name = "WEIGHT,WAIT_S,LONGEST_S,REQUESTS", value_parser = step, conflicts_with = "straight")]
    pub(crate) steps: Vec<Step>,
    /// No steps: everything at once, after the smoke test and the migrations
    #[arg(long)]
    pub(crate) straight: bool,
    /// Follow it to its end; the exit status is 1 if it was taken back
    #[arg(long)]
    pub(crate) watch: bool,
}

/// The way back.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The environment
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: String,
    /// The release that is to go; refused where another one is live, so that going back twice is meant
    #[arg(long, value_name = "COMMIT", value_parser = release_name)]
    pub(crate) from: Option<String>,
    /// Follow it to its end
    #[arg(long)]
    pub(crate) watch: bool,
}

/// API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key; it is printed once and kept nowhere
    Create {
        /// Whose it is
        name: String,
        /// What it may do: batches:write, batches:urgent, batches:read, rates:read
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<String>,
        /// Only these datasets; without any, all
        #[arg(long = "dataset", value_name = "DATASET")]
        datasets: Vec<String>,
        /// Where it is kept
        #[command(flatten)]
        owned: Owned,
    },
    /// List the keys
    List(Owned),
    /// Make a key useless
    Revoke {
        /// The key's id
        id: String,
        /// Where it is kept
        #[command(flatten)]
        owned: Owned,
    },
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1e9 => Ok(value),
        _ => Err("a number of seconds above 0 is wanted".into()),
    }
}

fn release_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("1 to 64 letters, digits, hyphens, dots and underscores are wanted".into())
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a share from 0 to 1 is wanted".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn replay_wants_a_batch_or_the_dead_letters_and_not_both() {
        assert!(Cli::try_parse_from(["waybill", "replay"]).is_err());
        assert!(Cli::try_parse_from(["waybill", "replay", "x", "--dead-letters"]).is_err());
        assert!(Cli::try_parse_from(["waybill", "replay", "--dead-letters"]).is_ok());
        assert!(Cli::try_parse_from(["waybill", "replay", "x", "--json"]).is_ok());
    }
}
