//! Every limit of the API in one place; docs/api.md repeats them.

use std::time::Duration;

/// The largest body of a request. Lambda hands over at most 6 MB, and binary content grows by a third on the way.
pub const BODY_BYTES: usize = 4 * 1024 * 1024;
/// The most days one question for rates may span.
pub const RATE_DAYS: i64 = 366;
/// The most batches on a page.
pub const BATCHES_PAGE: u32 = 200;
/// Batches on a page where the caller does not say.
pub const BATCHES_PAGE_DEFAULT: u32 = 50;
/// The most findings on a page of a report.
pub const FINDINGS_PAGE: u32 = 10_000;
/// Findings on a page where the caller does not say.
pub const FINDINGS_PAGE_DEFAULT: u32 = 1_000;
/// A page of a report ends before its rows grow beyond this, because Lambda answers with at most 6 MB.
pub const FINDINGS_BYTES: usize = 3 * 1024 * 1024;
/// How long `after_batch` waits.
pub const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
/// After this the request is given up with a 503; below what the function itself is given.
pub const REQUEST: Duration = Duration::from_secs(25);
/// How far into a request storage and queue may take: what remains is for writing down that they did not answer.
pub const STORAGE: Duration = Duration::from_secs(18);
/// How long a presigned address is good for.
pub const PRESIGNED: Duration = Duration::from_secs(3600);
/// The largest object that one PUT may carry (S3).
pub const SINGLE_PUT_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// The most parts of an upload (S3 takes 10,000; as many addresses would not fit an answer).
pub const PARTS: u32 = 2_000;
/// The least a part other than the last may have (S3).
pub const PART_BYTES: u64 = 5 * 1024 * 1024;
/// The largest object (S3).
pub const OBJECT_BYTES: u64 = 5 * 1024 * 1024 * 1024 * 1024;
/// The longest idempotency key.
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// How long a verified API key is believed without asking again; a revoked one lives as long.
pub const KEY_CACHE: Duration = Duration::from_secs(30);
