//! The worked example of docs/contracts.md.

use contract::Contract;
use testkit::Role;

const PAGE: &str = include_str!("../../../docs/contracts.md");

#[tokio::test]
async fn the_migration_of_the_page_fits_its_contract() {
    let block = |language: &str| {
        let (_, rest) = PAGE
            .split_once(&format!("```{language}\n"))
            .expect("a block");
        rest.split_once("```").expect("its end").0
    };
    let hotels = Contract::parse(block("toml")).expect("a contract");
    let database = testkit::database().await;
    let session = database.connect(Role::Owner).await;
    session
        .batch_execute(block("sql"))
        .await
        .expect("the migration is applied");
    ledger::migrate::verify(&session, &[hotels])
        .await
        .unwrap_or_else(|error| panic!("{}", ledger::chain(&error)));
    database
        .connect(Role::Loader)
        .await
        .batch_execute(
            "INSERT INTO regions VALUES ('a', 'A', NULL);
             INSERT INTO hotels VALUES ('ABC0001', 'a', 3, 'none', 90.5, NULL)
             ON CONFLICT (code) DO UPDATE SET stars = 4",
        )
        .await
        .expect("the loader writes without a grant");
}
