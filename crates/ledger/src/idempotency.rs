//! `Idempotency-Key`: the same key and the same request get the same answer, once the work is done.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, types::Json};
use uuid::Uuid;

use crate::error::{Error, Result};

/// How long an answer is remembered.
pub const REMEMBERED: Duration = Duration::from_hours(24);
/// How long a request may run before its key is given to the next one.
pub const RUNNING: Duration = Duration::from_secs(60);

/// The answer that a repeated request gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to the answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// The right to finish a request that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    key_id: String,
    key: String,
    token: Uuid,
}

/// What to do with a request that carries an idempotency key.
#[derive(Debug)]
pub enum Begin {
    /// Do the work, then [`finish`] or [`abandon`].
    Fresh(Ticket),
    /// Give this answer.
    Replay(Answer),
    /// The key was used with another request: 422.
    Mismatch,
    /// The first request is still running: 409.
    Running,
}

/// At most so many rows that nobody asks for any more are deleted as a request begins.
const SWEPT: i64 = 100;

/// Begins a request of the API key `key_id` under its idempotency key. `request_hash` covers method, path, arguments and
/// body.
pub async fn begin(
    client: &Client,
    key_id: &str,
    key: &str,
    request_hash: &[u8; 32],
) -> Result<Begin> {
    // More than the one row that each request leaves, so that the table shrinks; rows that others hold are theirs.
    client
        .execute(
            "DELETE FROM waybill.idempotency WHERE (key_id, key) IN (
                SELECT key_id, key FROM waybill.idempotency
                WHERE begun_at < clock_timestamp() - make_interval(secs => $1)
                ORDER BY begun_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&REMEMBERED.as_secs_f64(), &SWEPT],
        )
        .await?;
    let token = Uuid::new_v4();
    let hash = request_hash.as_slice();
    let fresh = client
        .execute(
            "INSERT INTO waybill.idempotency AS i (key_id, key, request_hash, token) VALUES ($1, $2, $3, $4)
             ON CONFLICT (key_id, key) DO UPDATE
             SET request_hash = excluded.request_hash, token = excluded.token, answer = NULL,
                 begun_at = clock_timestamp()
             WHERE i.begun_at < clock_timestamp() - make_interval(secs => $5)
                OR (i.answer ->> 'until')::float8 < extract(epoch FROM clock_timestamp())
                OR (i.answer IS NULL AND i.request_hash = excluded.request_hash
                    AND i.begun_at < clock_timestamp() - make_interval(secs => $6))",
            &[
                &key_id,
                &key,
                &hash,
                &token,
                &REMEMBERED.as_secs_f64(),
                &RUNNING.as_secs_f64(),
            ],
        )
        .await?
        == 1;
    let ticket = || Ticket {
        key_id: key_id.to_owned(),
        key: key.to_owned(),
        token,
    };
    if fresh {
        return Ok(Begin::Fresh(ticket()));
    }
    let row = client
        .query_opt(
            "SELECT request_hash = $3 AS same, answer FROM waybill.idempotency WHERE key_id = $1 AND key = $2",
            &[&key_id, &key, &hash],
        )
        .await?;
    // None: it was abandoned this very moment. To the client that is a request still running.
    let Some(row) = row else {
        return Ok(Begin::Running);
    };
    if !row.try_get::<_, bool>("same")? {
        return Ok(Begin::Mismatch);
    }
    Ok(match row.try_get::<_, Option<Json<Answer>>>("answer")? {
        Some(answer) => Begin::Replay(answer.0),
        None => Begin::Running,
    })
}

/// Keeps the answer for whoever asks again. An error of kind `Conflict` where the request ran so long that its key
/// was given to another.
pub async fn finish(client: &Client, ticket: &Ticket, answer: &Answer) -> Result<()> {
    finish_for(client, ticket, answer, REMEMBERED).await
}

/// As [`finish`], for an answer that is of use for a shorter time only: after `remembered` the key is free.
pub async fn finish_for(
    client: &Client,
    ticket: &Ticket,
    answer: &Answer,
    remembered: Duration,
) -> Result<()> {
    let kept = client
        .execute(
            "UPDATE waybill.idempotency
             SET answer = $4::jsonb || jsonb_build_object('until', extract(epoch FROM clock_timestamp()) + $5::float8)
             WHERE key_id = $1 AND key = $2 AND token = $3",
            &[
                &ticket.key_id,
                &ticket.key,
                &ticket.token,
                &Json(answer),
                &remembered.as_secs_f64(),
            ],
        )
        .await?;
    if kept == 1 {
        Ok(())
    } else {
        Err(Error::conflict(
            "the request took longer than its idempotency key is held",
        ))
    }
}

/// Gives the key free: the work was not done, the next request may try.
pub async fn abandon(client: &Client, ticket: &Ticket) -> Result<()> {
    client
        .execute(
            "DELETE FROM waybill.idempotency WHERE key_id = $1 AND key = $2 AND token = $3 AND answer IS NULL",
            &[&ticket.key_id, &ticket.key, &ticket.token],
        )
        .await?;
    Ok(())
}

/// Forgets what is older than [`REMEMBERED`]; answers how many. For housekeeping.
pub async fn sweep(client: &Client) -> Result<u64> {
    Ok(client
        .execute(
            "DELETE FROM waybill.idempotency WHERE begun_at < clock_timestamp() - make_interval(secs => $1)",
            &[&REMEMBERED.as_secs_f64()],
        )
        .await?)
}
