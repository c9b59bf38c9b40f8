//! No role can do another's work, and no database's roles reach another database.

use ledger::{ErrorKind, migrate};
use testkit::Role;

use crate::help::{count, ports, received};

#[tokio::test]
async fn no_role_can_do_anothers_work() {
    let database = testkit::database().await;
    ports(&database).await;
    let loader = database.connect(Role::Loader).await;
    received(&loader, "prices").await;
    let insert = "INSERT INTO prices VALUES ('AAAAA', 'BBBBB', '2021-01-01', 1)";
    let key = "INSERT INTO waybill.api_keys (id, name, hash, scopes, datasets) VALUES ('x', 'x', '', '{}', '{}')";
    let forbidden = [
        (Role::Loader, "CREATE TABLE public.t (a int)"),
        (Role::Loader, "CREATE TABLE waybill.t (a int)"),
        (
            Role::Loader,
            "ALTER TABLE public.prices DISABLE TRIGGER ALL",
        ),
        (Role::Loader, "TRUNCATE public.prices"),
        (Role::Loader, key),
        (Role::Loader, "SELECT hash FROM waybill.api_keys"),
        (Role::Loader, "DELETE FROM waybill.batches"),
        (Role::Loader, "UPDATE waybill.events SET note = ''"),
        (Role::Loader, "SELECT * FROM waybill.idempotency"),
        (
            Role::Loader,
            "INSERT INTO waybill.migrations VALUES (99, 'x', '', '')",
        ),
        (
            Role::Loader,
            "SELECT waybill.withdraw(gen_random_uuid(), '{}', '')",
        ),
        (Role::Loader, "CREATE ROLE somebody"),
        (Role::Reader, "CREATE TEMPORARY TABLE t (a int)"),
        (Role::Api, "CREATE TEMPORARY TABLE t (a int)"),
        (Role::Reader, insert),
        (Role::Reader, "DELETE FROM public.prices"),
        (Role::Reader, "SELECT submitted_by FROM waybill.batches"),
        (Role::Reader, "SELECT * FROM waybill.errors"),
        (Role::Reader, "SELECT * FROM waybill.api_keys"),
        (Role::Reader, "UPDATE waybill.versions SET version = 0"),
        (Role::Reader, "SET session_replication_role = replica"),
        (Role::Api, insert),
        (Role::Api, "SELECT * FROM public.prices"),
        (Role::Api, "UPDATE public.ports SET name = ''"),
        (Role::Api, "UPDATE waybill.batches SET state = 'committed'"),
        (Role::Api, "UPDATE waybill.batches SET attempt = 9"),
        (
            Role::Api,
            "INSERT INTO waybill.batches (id, dataset, bucket, object_key, submitted_by, state) \
                     VALUES (gen_random_uuid(), 'prices', 'b', 'k', 'x', 'committed')",
        ),
        (Role::Api, "DELETE FROM waybill.batches"),
        (
            Role::Api,
            "INSERT INTO waybill.contents SELECT 'prices', '', id FROM waybill.batches",
        ),
        (Role::Api, key),
        (Role::Api, "UPDATE waybill.api_keys SET scopes = '{}'"),
        (Role::Api, "SET session_replication_role = replica"),
    ];
    for (role, sql) in forbidden {
        let session = database.connect(role).await;
        let error = ledger::Error::from(session.batch_execute(sql).await.expect_err(sql));
        assert_eq!(
            error.kind(),
            ErrorKind::Forbidden,
            "{role:?} {sql}: {}",
            ledger::chain(&error)
        );
    }
    let allowed = [
        (Role::Loader, insert),
        (Role::Loader, "DELETE FROM public.prices"),
        (Role::Loader, "CREATE TEMPORARY TABLE t (a int)"),
        (
            Role::Reader,
            "SELECT * FROM public.prices, public.ports, public.regions, waybill.versions",
        ),
        (
            Role::Reader,
            "SELECT id, number, dataset, state, duplicate_of FROM waybill.batches",
        ),
        (
            Role::Api,
            "SELECT * FROM public.ports, public.regions, waybill.api_keys, waybill.batches, waybill.errors",
        ),
    ];
    for (role, sql) in allowed {
        database
            .connect(role)
            .await
            .batch_execute(sql)
            .await
            .expect(sql);
    }
}

#[tokio::test]
async fn two_databases_on_one_server_share_nothing() {
    let one = testkit::empty_database().await;
    let two = testkit::empty_database().await;
    for database in [&one, &two] {
        let mut owner = database.connect(Role::Owner).await;
        let mut options = migrate::Options::shipped();
        options.logins = Some(database.logins());
        let report = migrate::run(&mut owner, &options).await.expect("migrated");
        assert!(report.logins);
        for role in [Role::Loader, Role::Reader, Role::Api] {
            database.connect(role).await;
        }
        let loader = database.connect(Role::Loader).await;
        loader
            .batch_execute("CREATE TEMPORARY TABLE t (a int)")
            .await
            .expect("a load's staging");
        assert!(
            ledger::references::may_skip_triggers(&loader)
                .await
                .expect("an answer")
        );
    }
    for role in [Role::Owner, Role::Loader, Role::Reader, Role::Api] {
        let mut config = one.config(role);
        config.database = two.name().to_owned();
        let error = ledger::connect(&config)
            .await
            .expect_err("another's database");
        assert_eq!(
            error.sqlstate(),
            Some("42501"),
            "{role:?}: {}",
            ledger::chain(&error)
        );
    }
    // Taking one away leaves the other whole.
    let name = one.name().to_owned();
    drop(one);
    let admin = two.connect(Role::Super).await;
    let left = format!("SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}%'");
    assert_eq!(count(&admin, &left).await, 0);
    two.connect(Role::Loader).await;
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_login_and_a_new_one_works() {
    let database = testkit::empty_database().await;
    let mut owner = database.connect(Role::Owner).await;
    let mut options = migrate::Options::shipped();
    options.logins = Some(database.logins());
    migrate::run(&mut owner, &options).await.expect("migrated");
    let mut config = database.config(Role::Loader);
    config.password = ledger::Secret::new("rotated it's $1 \\");
    let error = ledger::connect(&config).await.expect_err("not yet");
    assert_eq!(error.kind(), ErrorKind::LoginRefused);
    assert!(!ledger::chain(&error).contains("rotated"));
    let mut logins = database.logins();
    logins.loader = config.password.clone();
    migrate::roles(&owner, &logins).await.expect("set");
    ledger::connect(&config).await.expect("the new one");
    let old = ledger::connect(&database.config(Role::Loader))
        .await
        .expect_err("the old one is gone");
    assert_eq!(old.kind(), ErrorKind::LoginRefused);
}

#[tokio::test]
async fn what_all_databases_share_stays_when_the_first_of_them_goes() {
    let server = testkit::own_server().await;
    let config = |url: &str| ledger::DatabaseConfig::from_url(url).expect("a good URL");
    let admin = ledger::connect(&config(&server.superuser_url("postgres")))
        .await
        .expect("the administrator");
    let password = ledger::Secret::new("only-for-tests");
    for database in ["one", "two"] {
        let new = migrate::Bootstrap {
            database,
            owner: &password,
        };
        let owner = migrate::bootstrap(&admin, &new).await.expect("made");
        let url = server.url(&owner, password.expose(), database);
        let mut owner = ledger::connect(&config(&url)).await.expect("the owner");
        migrate::run(&mut owner, &migrate::Options::shipped())
            .await
            .expect("migrated");
    }
    migrate::drop_database(&admin, "one")
        .await
        .expect("dropped");
    let sql =
        "SELECT has_parameter_privilege('waybill_loaders', 'session_replication_role', 'SET')";
    let granted: bool = admin.query_one(sql, &[]).await.expect("an answer").get(0);
    assert!(
        granted,
        "the other one's loads would be several times slower"
    );
}
