//! The claims of `tests/unit/test_tables.py`, and the bytes of the changelog as Python writes them.

use super::{id_hash, Change, Damage, SeenIds, MINUTE_US};

fn restored(log: &[Change]) -> SeenIds {
    let mut ids = SeenIds::default();
    for (key, value) in log {
        ids.restore(key, value.as_deref()).unwrap();
    }
    ids
}

fn keys(log: &[Change]) -> Vec<(Vec<u8>, bool)> {
    log.iter().map(|(key, value)| (key.clone(), value.is_some())).collect()
}

#[test]
fn an_id_has_the_hash_that_python_gives_it() {
    assert_eq!(0xe5e7_2e5e_3bec_4a78, id_hash("e"));
    assert_eq!(0x7908_9471_90c8_115f, id_hash("s1-0-0"));
    assert_eq!(0x9b7e_0536_01bb_81f1, id_hash("zażółć"));
    assert_eq!(0x2ddd_cef0_7d26_ee8c, id_hash(&"a".repeat(64)));
    assert_eq!(0xac2b_d404_bce6_c995, id_hash(&"a".repeat(200)));
}

#[test]
fn an_id_is_claimed_once_in_its_minute() {
    let mut ids = SeenIds::default();
    assert!(!ids.seen(0, 7));
    assert_eq!(0, ids.len());
    assert!(ids.claim(0, 7));
    assert!(ids.seen(MINUTE_US - 1, 7));
    assert!(!ids.claim(MINUTE_US - 1, 7));
    assert!(ids.claim(MINUTE_US, 7));
    assert!(ids.claim(-1, 7));
    assert!(!ids.claim(-MINUTE_US, 7));
    assert!(ids.claim(-MINUTE_US - 1, 7));
    assert_eq!(4, ids.len());
}

#[test]
fn a_claim_taken_back_was_never_made() {
    let mut ids = SeenIds::default();
    ids.claim(5, 1);
    ids.claim(5, 2);
    ids.disclaim(5, 2);
    assert!(!ids.seen(5, 2));
    assert_eq!(1, ids.len());
    assert_eq!(vec![(vec![0x92, 0, 0], Some(vec![1, 1, 0, 0, 0, 0, 0, 0, 0]))], ids.drain());
}

#[test]
fn a_commit_appends_a_value_a_minute_in_the_order_of_claims() {
    let mut ids = SeenIds::default();
    let minute = 28_582_988; // 2024-05-06T07:08
    ids.claim(minute * MINUTE_US, 0x0102_0304_0506_0708);
    ids.claim(-1, u64::MAX);
    ids.claim(minute * MINUTE_US + 1, 3);
    let name = [0x92, 0xce, 0x01, 0xb4, 0x24, 0x4c]; // as msgspec writes it
    let first = vec![1, 8, 7, 6, 5, 4, 3, 2, 1, 3, 0, 0, 0, 0, 0, 0, 0];
    let second = [[1].as_slice(), &[0xff; 8]].concat();
    let expected = vec![([&name[..], &[0]].concat(), Some(first)), (vec![0x92, 0xff, 0], Some(second))];
    assert_eq!(expected, ids.drain());
    assert_eq!(0, ids.drain().len());
    ids.claim(minute * MINUTE_US, 4);
    assert_eq!(vec![([&name[..], &[1]].concat(), Some(vec![1, 4, 0, 0, 0, 0, 0, 0, 0]))], ids.drain());
}

#[test]
fn ids_before_the_horizon_are_forgotten_with_tombstones() {
    let mut ids = SeenIds::default();
    for minute in [2, 1, 3] {
        ids.claim(minute * MINUTE_US, 1);
    }
    ids.drain();
    ids.claim(2 * MINUTE_US, 2);
    ids.drain();
    ids.claim(MINUTE_US, 2); // not yet logged: it is forgotten without a trace
    ids.sweep(0, 3 * MINUTE_US);
    assert_eq!(1, ids.len());
    ids.claim(3 * MINUTE_US, 2);
    let expected =
        [(vec![0x92, 3, 1], true), (vec![0x92, 2, 0], false), (vec![0x92, 2, 1], false), (vec![0x92, 1, 0], false)];
    assert_eq!(expected.to_vec(), keys(&ids.drain()));
    assert_eq!(0, ids.drain().len());
}

#[test]
fn a_minute_that_comes_again_has_the_last_turn() {
    let mut ids = SeenIds::default();
    ids.claim(0, 1);
    ids.claim(MINUTE_US, 1);
    ids.sweep(0, MINUTE_US);
    ids.claim(0, 2);
    ids.claim(MINUTE_US, 2);
    assert_eq!(vec![(vec![0x92, 1, 0], true), (vec![0x92, 0, 0], true)], keys(&ids.drain()));
}

#[test]
fn packed_minutes_know_their_ids_and_take_others() {
    let mut ids = SeenIds::default();
    for number in (0..1000).rev() {
        assert!(ids.claim(0, number * 3));
    }
    let hot = ids.memory_bytes();
    ids.sweep(MINUTE_US, 0);
    assert_eq!(1000, ids.len());
    assert!((0..3000).all(|number| ids.seen(0, number) == (number % 3 == 0)));
    assert!(ids.claim(0, 1) && !ids.claim(0, 1) && !ids.claim(0, 2997));
    ids.sweep(2 * MINUTE_US, 0);
    assert!(!ids.claim(0, 1) && !ids.claim(0, 0) && ids.claim(0, 2));
    ids.drain();
    assert!(ids.memory_bytes() < hot, "{} and {hot} bytes", ids.memory_bytes());
}

#[test]
fn a_restore_has_the_ids_of_the_original_and_appends_to_its_chunks() {
    let mut ids = SeenIds::default();
    let mut log = Vec::new();
    for number in 0..300_u64 {
        assert!(ids.claim(i64::try_from(number % 7).unwrap() * MINUTE_US, id_hash(&number.to_string())));
        if number % 50 == 0 {
            log.append(&mut ids.drain());
        }
    }
    log.append(&mut ids.drain());
    ids.sweep(5 * MINUTE_US, 2 * MINUTE_US);
    log.append(&mut ids.drain());
    let mut again = restored(&log);
    assert_eq!(ids.len(), again.len());
    for number in 0..300_u64 {
        let (minute, hash) = (i64::try_from(number % 7).unwrap(), id_hash(&number.to_string()));
        assert_eq!(minute >= 2, again.seen(minute * MINUTE_US, hash), "{number}");
    }
    assert_eq!(0, again.drain().len());
    ids.claim(6 * MINUTE_US, 1);
    again.claim(6 * MINUTE_US, 1);
    assert_eq!(ids.drain(), again.drain());
    ids.sweep(0, 7 * MINUTE_US);
    again.sweep(0, 7 * MINUTE_US);
    assert_eq!(ids.drain(), again.drain());
}

#[test]
fn a_damaged_record_is_refused_and_changes_nothing() {
    let mut ids = SeenIds::default();
    let key = [0x92, 1, 0];
    for (value, damage) in [
        (&b""[..], Damage::Format(None)),
        (b"\x00\x01", Damage::Format(Some(0))),
        (b"\x02\x01", Damage::Format(Some(2))),
        (b"\x01\xc1", Damage::Value),
        (b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", Damage::Value),
    ] {
        assert_eq!(Err(damage), ids.restore(&key, Some(value)), "{value:x?}");
    }
    let bad: [&[u8]; 8] =
        [b"", b"\x92", b"\x92\x01", b"\x92\x01\x00\x00", b"\x91\x01", b"\x93\x01\x00\x00", b"\x92\xc0\x00", b"\x80"];
    for key in bad {
        assert_eq!(Err(Damage::Key), ids.restore(key, Some(b"\x01")), "{key:x?}");
        assert_eq!(Err(Damage::Key), ids.restore(key, None), "{key:x?}");
    }
    assert_eq!((0, 0), (ids.len(), ids.minutes.len()));
}
