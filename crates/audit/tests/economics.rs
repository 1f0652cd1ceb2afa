//! The claim of level L2: at the settings that ship, every way of cheating that is known here earns less than honesty; and
//! the claim can fail.

use audit::Settings;
use audit::simulation::{Row, SWEEP, Scenario, run, smallest_p, sweep};

fn profit(rows: &[Row], strategy: &str) -> f64 {
    rows.iter().find(|row| row.strategy == strategy).expect("a strategy").profit_per_window
}

#[test]
fn honesty_pays_more_than_any_cheat_at_the_defaults() {
    let rows = run(&Settings::default(), &Scenario::default());
    let honest = profit(&rows, "honest");
    assert!(honest > 1.5, "four groups a window at 0.4 each, less what false rejects cost: {honest}");
    for row in &rows {
        println!("{row:?}");
    }
    for row in &rows[1..] {
        assert!(row.profit_per_window < honest, "{row:?} earns more than {honest}");
        assert!(row.quarantined > 0, "{row:?}");
    }
    assert_eq!(rows[0].quarantined, 0, "no honest miner is in quarantine: {:?}", rows[0]);
    assert!(rows[0].audited < 0.2, "most groups of honest miners are not audited: {:?}", rows[0]);
}

#[test]
fn with_no_lottery_cheating_pays_more() {
    let mut settings = Settings::default();
    settings.policy.p = 0.0;
    let rows = run(&settings, &Scenario { windows: 2_000, ..Scenario::default() });
    assert!(profit(&rows, "careful") > profit(&rows, "honest") * 1.5, "{rows:?}");
}

#[test]
fn without_escrow_the_same_lottery_is_not_enough_for_a_cheat_that_comes_back() {
    let mut settings = Settings::default();
    settings.escrow.share_bps = 0;
    settings.policy.p = 0.01;
    let scenario = Scenario { windows: 2_000, registration_cost: 0.0, ..Scenario::default() };
    let rows = run(&settings, &scenario);
    assert!(profit(&rows, "sybil-careful") > profit(&rows, "honest"), "{rows:?}");
    settings.escrow.share_bps = 5_000;
    let rows = run(&settings, &scenario);
    assert!(profit(&rows, "sybil-careful") < profit(&rows, "honest"), "{rows:?}");
}

#[test]
fn the_defaults_have_room_to_the_smallest_p() {
    let scenario = Scenario { windows: 2_000, miners: 4, ..Scenario::default() };
    let points = sweep(&Settings::default(), &scenario);
    let smallest = smallest_p(&points).unwrap();
    assert_eq!(points.iter().map(|point| point.p).collect::<Vec<_>>(), SWEEP);
    assert!(smallest > 0.0 && smallest <= Settings::default().policy.p / 2.0, "{points:#?}");
}

#[test]
fn the_same_seed_gives_the_same_table() {
    let scenario = Scenario { windows: 300, miners: 2, ..Scenario::default() };
    let settings = Settings::default();
    assert_eq!(run(&settings, &scenario), run(&settings, &scenario));
    assert_ne!(run(&settings, &scenario), run(&settings, &Scenario { seed: 2, ..scenario }));
}
