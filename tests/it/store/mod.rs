//! Every query of the ledger, on a SQLite *file* and on PostgreSQL: the price for queries that no
//! compiler checks. A story is one async function over [`db::Db`]; `on_both!` makes two tests of
//! it. Those of PostgreSQL need a server and are ignored unless asked for:
//! `KEYLAPSE_TEST_POSTGRES=postgres://… cargo test --test it postgres -- --ignored`.

/// Makes two tests of each story: one a database.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    let db = crate::store::db::Db::sqlite().await;
                    super::$story(&db).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                #[ignore = "needs a PostgreSQL server named by KEYLAPSE_TEST_POSTGRES"]
                async fn $story() {
                    let db = crate::store::db::Db::postgres().await;
                    super::$story(&db).await;
                }
            )+
        }
    };
}

mod buttons;
mod checks;
mod claims;
mod courier;
mod covers;
pub mod db;
mod deeds;
mod desk;
mod duties;
mod gaps;
mod given;
mod install;
mod keys;
mod leaks;
mod receivers;
mod talks;
mod workspaces;
mod writers;
