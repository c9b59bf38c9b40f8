//! `replay --dead-letters`: messages that were tried too often go back into the queue, once whatever was wrong is put
//! right. Nothing is lost on the way: a message is deleted from the one queue when the other has it.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry};
use serde_json::json;

use crate::failure::{Exit, Failure, OrFail as _, Outcome};
use crate::stack;
use crate::target;
use crate::terminal::{Terminal, counted, grouped};

/// How often in a row the queue must be empty; it is spread over servers and may hide messages once.
const EMPTY: u32 = 2;

/// Moves every dead letter of an environment back.
pub(crate) async fn replay(environment: Option<&str>, terminal: Terminal) -> Outcome {
    let local = target::local_stack();
    let environment = match (environment, &local) {
        (Some(environment), _) => environment,
        (None, Some(_)) => stack::ENVIRONMENT,
        (None, None) => {
            return Err(Failure::misuse("no environment is named").advice("say --environment NAME"));
        }
    };
    let names = target::names(environment)?;
    let queues = match local
        .and_then(|state| state.emulator)
        .filter(|_| environment == stack::ENVIRONMENT)
    {
        Some(part) => stack::Clients::local(part.port).await.sqs,
        None => platform::aws::sqs(&target::aws(environment).await?),
    };
    let dead = url(&queues, &names.dead_letter_queue()).await?;
    let intake = url(&queues, &names.intake_queue()).await?;
    let moved = move_all(&queues, &dead, &intake, terminal).await?;
    terminal.either(&json!({"moved": moved}), || {
        let verb = if moved == 1 { "is" } else { "are" };
        format!("{} {verb} tried again", counted(moved, "message"))
    })?;
    Ok(Exit::Done)
}

async fn url(queues: &Client, name: &str) -> Outcome<String> {
    let answer = queues
        .get_queue_url()
        .queue_name(name)
        .send()
        .await
        .map_err(|error| {
            Failure::unreachable(format!("queue {name} could not be found"))
                .because(error)
                .advice(target::ACCOUNT)
        })?;
    answer
        .queue_url
        .ok_or_else(|| Failure::failed(format!("queue {name} has no address")))
}

async fn move_all(queues: &Client, from: &str, to: &str, terminal: Terminal) -> Outcome<u64> {
    const WHAT: &str = "moving dead letters";
    let bar = terminal.spinner(WHAT);
    let mut moved = 0;
    let mut empty = 0;
    while empty < EMPTY {
        let received = queues
            .receive_message()
            .queue_url(from)
            .max_number_of_messages(10)
            .visibility_timeout(60)
            .wait_time_seconds(1)
            .send()
            .await
            .or_failed(WHAT)?
            .messages
            .unwrap_or_default();
        if received.is_empty() {
            empty += 1;
            continue;
        }
        empty = 0;
        let mut sends = Vec::new();
        for (place, message) in received.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(message.body.as_deref().unwrap_or_default());
            sends.push(entry.build().or_failed(WHAT)?);
        }
        let sent = queues
            .send_message_batch()
            .queue_url(to)
            .set_entries(Some(sends))
            .send()
            .await
            .or_failed(WHAT)?;
        let mut deletes = Vec::new();
        for entry in sent.successful() {
            let place: usize = entry.id().parse().or_failed(WHAT)?;
            let handle = received
                .get(place)
                .and_then(|message| message.receipt_handle.clone());
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(entry.id())
                .set_receipt_handle(handle);
            deletes.push(entry.build().or_failed(WHAT)?);
        }
        let refused = sent.failed().len();
        moved += deletes.len() as u64;
        if !deletes.is_empty() {
            queues
                .delete_message_batch()
                .queue_url(from)
                .set_entries(Some(deletes))
                .send()
                .await
                .or_failed(WHAT)?;
        }
        bar.set_message(format!("{WHAT}: {}", grouped(moved)));
        if refused > 0 {
            return Err(Failure::failed(format!(
                "{} could not be put back; {} could",
                counted(refused as u64, "message"),
                grouped(moved)
            )));
        }
    }
    bar.finish_and_clear();
    Ok(moved)
}
