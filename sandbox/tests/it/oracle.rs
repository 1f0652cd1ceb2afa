//! Two engines, one verdict: every core module of world `reward-simple` that is committed here gives the oracle's
//! interpreter the same reward bits as the sandbox's compiler, or fails in the same class.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use compiler::Reward;
use oracle::{Error, Program};
use sandbox::{Limits, Outcome, Sample, Task};

use crate::kit::{SANDBOX, reward_of, sample, simple_module, task};

/// They run until the fuel ends, and the oracle has another fuel.
const ENDLESS: &[&str] =
    &["loop_body", "loop_start", "loop_realloc", "fill_storm", "copy_storm", "grow_for_ever"];

/// Repeatable numbers for inputs (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Text of the kind that rewards read, and of the kind that nobody expects.
    fn text(&mut self) -> String {
        const PARTS: &[&str] = &[
            "72",
            "-5",
            "1,234.50",
            ".5",
            "007",
            "-0",
            "\u{2212}7",
            "$",
            "%",
            " ",
            "\n",
            "#### ",
            "\\boxed{",
            "}",
            "{",
            "\\frac{1}{2}",
            "\\text{",
            "The answer is ",
            "答案是",
            "\u{1f980}",
            "\"answer\": \"72\"",
            "\0",
            ",",
            ".",
            "x^{2}",
            "1e308",
            "\\left(",
            "<think>",
            "\t",
            "9999999999999999999999",
        ];
        let mut text = String::new();
        for _ in 0..self.below(12) {
            match self.below(8) {
                0 => text.extend(char::from_u32(self.next() as u32 % 0x11_0000)),
                1 => _ = write!(text, "{}", self.next() as i32),
                _ => text.push_str(self.one_of(PARTS)),
            }
        }
        text
    }

    /// Token ids that are also the bits of floats: ordinary ones, and those at which engines differ.
    fn bits(&mut self) -> Vec<u32> {
        const DOUBLES: &[u64] = &[
            0,
            1 << 63,
            1,
            0x000f_ffff_ffff_ffff,
            0x3ff0_0000_0000_0000,
            0xbff8_0000_0000_0000,
            0x7fef_ffff_ffff_ffff,
            0x7ff0_0000_0000_0000,
            0xfff0_0000_0000_0000,
            0x7ff0_0000_0000_0001,
            0x7ff8_0000_0000_0000,
            0xfff8_0000_0000_1234,
            0x7ff4_dead_beef_0001,
            0x41e0_0000_0000_0000,
            0x43e0_0000_0000_0000,
            0x4330_0000_0000_0001,
            0x3fe0_0000_0000_0000,
            0x47ef_ffff_f000_0000,
            0x3690_0000_0000_0000,
            0x380f_ffff_ffff_ffff,
        ];
        const SINGLES: &[u32] = &[
            0,
            1 << 31,
            1,
            0x007f_ffff,
            0x3f80_0000,
            0x7f7f_ffff,
            0x7f80_0000,
            0xff80_0000,
            0x7f80_0001,
            0x7fc0_0000,
            0xffc1_2345,
            0x4f00_0000,
            0x5f00_0000,
            0x4b00_0001,
        ];
        let mut bits = Vec::new();
        for _ in 0..self.below(20) {
            match self.below(4) {
                0 => bits.push(self.one_of(SINGLES)),
                1 => bits.push(self.next() as u32),
                _ => {
                    let double = self.one_of(DOUBLES);
                    bits.extend([double as u32, (double >> 32) as u32]);
                }
            }
        }
        bits
    }

    fn input(&mut self) -> (Task, Sample) {
        let number = self.below(100).to_string();
        let reference = if self.below(2) == 0 { number.clone() } else { self.text() };
        let mut text = self.text();
        if self.below(2) == 0 {
            _ = write!(text, "#### {number} \\boxed{{{number}}}");
        }
        let task = Task { prompt: self.text(), metadata: self.text(), ..task(&reference) };
        (task, Sample { token_ids: self.bits(), ..sample(&text, 0) })
    }
}

/// What differs, if anything does.
fn compare(reward: &Reward, program: &Program, task: &Task, sample: &Sample) -> Result<(), String> {
    let scored = SANDBOX
        .score(reward, task, std::slice::from_ref(sample), &Limits::default())
        .expect("no host error")
        .remove(0);
    let second =
        program.reward(&task.prompt, &sample.text, &sample.token_ids, &task.reference, &task.metadata);
    let agree = match second {
        // The rules of the contract, which are no engine's: one zero, finite, in range.
        Ok(number) if !number.is_finite() => scored.outcome == Outcome::NonFiniteScore,
        Ok(number) if number.abs() > 1e6 => scored.outcome == Outcome::ScoreOutOfRange,
        Ok(number) => scored.score.as_ref().is_some_and(|s| s.reward.to_bits() == (number + 0.0).to_bits()),
        Err(trap) => scored.outcome.as_str() == trap.as_str(),
    };
    if agree {
        return Ok(());
    }
    let first = (scored.outcome, scored.score.map(|s| s.reward), scored.detail);
    Err(format!("sandbox {first:?}, oracle {second:?} for {task:?} {sample:?}"))
}

#[track_caller]
fn agree(name: &str, upload: &[u8], inputs: u64) {
    let reward = reward_of(&SANDBOX, upload);
    let program = Program::new(upload).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut numbers = Numbers(u64::from_le_bytes(*b"oracle!!"));
    for _ in 0..inputs {
        let (task, sample) = numbers.input();
        if let Err(difference) = compare(&reward, &program, &task, &sample) {
            panic!("{name}: {difference}");
        }
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every file below a folder with this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
    {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A core module (not a component) that exports `reward`.
fn is_simple(wasm: &[u8]) -> bool {
    let header = wasm.starts_with(b"\0asm\x01\0\0\0");
    let named = |name: &[u8]| wasm.windows(name.len()).any(|window| window == name);
    header && named(b"\x06reward\0") && !named(b"\x05score\0")
}

#[test]
fn hostile_modules_fail_alike() {
    let mut compared = 0;
    for path in files(&folder("tests/hostile"), "wat") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let upload = wat::parse_file(&path).unwrap();
        if is_simple(&upload) && !ENDLESS.contains(&name.as_str()) && name != "grow_past_own_max" {
            agree(&name, &upload, 30);
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared}");
}

/// The interpreter tells nobody when a memory's own maximum is the limit, so only the sandbox knows why it failed.
#[test]
fn growth_past_a_memorys_own_maximum_fails_in_both() {
    let upload = wat::parse_file(folder("tests/hostile/grow_past_own_max.wat")).unwrap();
    let scored = crate::kit::score_one(&SANDBOX, &reward_of(&SANDBOX, &upload), "72", "x");
    assert_eq!(scored.outcome, Outcome::MemoryExceeded);
    let second = Program::new(&upload).unwrap().reward("", "x", &[], "72", "{}");
    assert_eq!(second, Err(oracle::Trap::Unreachable));
}

#[test]
fn committed_guests_grade_alike() {
    let mut compared = Vec::new();
    for path in files(&folder("guests"), "wasm") {
        let upload = std::fs::read(&path).unwrap();
        if is_simple(&upload) {
            let name = path.file_name().unwrap().to_str().unwrap();
            agree(name, &upload, 400);
            compared.push(name.to_owned());
        }
    }
    for wanted in ["last-number.wasm", "boxed-answer.wasm", "length.wasm"] {
        assert!(compared.iter().any(|name| name == wanted), "{compared:?}");
    }
}

/// Folds the bits of every float operator's result over the input's bits into one number in [0, 1).
fn float_module() -> String {
    const BINARY: &[&str] = &["add", "sub", "mul", "div", "min", "max"];
    const UNARY: &[&str] = &["sqrt", "ceil", "floor", "trunc", "nearest", "abs", "neg"];
    let mut folds = String::new();
    let mut fold = |bits: String| _ = writeln!(folds, "(call $fold {bits})");
    let scalar = |float: &str, value: String| match float {
        "f64" => format!("(i64.reinterpret_f64 {value})"),
        _ => format!("(i64.extend_i32_u (i32.reinterpret_f32 {value}))"),
    };
    let vector = |value: String| {
        format!(
            "(i64.xor (i64x2.extract_lane 0 {value}) (i64.rotl (i64x2.extract_lane 1 {value}) (i64.const 7)))"
        )
    };
    for float in ["f64", "f32"] {
        let [a, b] = [0, 8].map(|at| format!("({float}.load offset={at} (local.get 4))"));
        for op in BINARY.iter().chain(&["copysign"]) {
            fold(scalar(float, format!("({float}.{op} {a} {b})")));
        }
        for op in UNARY {
            fold(scalar(float, format!("({float}.{op} {a})")));
        }
        for op in ["eq", "lt", "ge"] {
            fold(format!("(i64.extend_i32_u ({float}.{op} {a} {b}))"));
        }
        for sign in ["s", "u"] {
            fold(format!("(i64.trunc_sat_{float}_{sign} {a})"));
            fold(format!("(i64.extend_i32_u (i32.trunc_sat_{float}_{sign} {a}))"));
            fold(scalar(float, format!("({float}.convert_i64_{sign} (i64.load (local.get 4)))")));
        }
    }
    fold(scalar("f32", "(f32.demote_f64 (f64.load (local.get 4)))".to_owned()));
    fold(scalar("f64", "(f64.promote_f32 (f32.load (local.get 4)))".to_owned()));
    let [a, b] = [0, 8].map(|at| format!("(v128.load offset={at} (local.get 4))"));
    for shape in ["f64x2", "f32x4"] {
        for op in BINARY.iter().chain(&["pmin", "pmax", "lt"]) {
            fold(vector(format!("({shape}.{op} {a} {b})")));
        }
        for op in UNARY {
            fold(vector(format!("({shape}.{op} {a})")));
        }
    }
    for op in [
        "f32x4.demote_f64x2_zero",
        "f64x2.promote_low_f32x4",
        "i32x4.trunc_sat_f32x4_s",
        "i32x4.trunc_sat_f64x2_u_zero",
    ] {
        fold(vector(format!("({op} {a})")));
    }
    let definitions = "(global $sum (mut i64) (i64.const 0))
        (func $fold (param i64) (global.set $sum (i64.add (i64.const 0x9e3779b97f4a7c15)
            (i64.mul (i64.const 0xbf58476d1ce4e5b9) (i64.rotl (i64.xor (global.get $sum) (local.get 0)) (i64.const 29))))))";
    let body = format!(
        "(loop $each (if (i32.ge_u (local.get 5) (i32.const 6)) (then {folds}
            (local.set 4 (i32.add (local.get 4) (i32.const 4)))
            (local.set 5 (i32.sub (local.get 5) (i32.const 1)))
            (br $each))))
         (f64.div (f64.convert_i64_u (i64.shr_u (global.get $sum) (i64.const 11))) (f64.const 0x1p53))"
    );
    simple_module(definitions, &body)
}

#[test]
fn floats_are_bit_equal() {
    agree("floats", &wat::parse_str(float_module()).unwrap(), 600);
}

/// The reward itself is a NaN with a payload, or what a demotion made of one.
#[test]
fn rewards_are_what_the_bits_say() {
    for body in [
        "(f64.load (local.get 4))",
        "(f64.promote_f32 (f32.demote_f64 (f64.load (local.get 4))))",
        "(f64.sqrt (f64.load (local.get 4)))",
        "(f64.convert_i64_s (i64.trunc_f64_s (f64.load (local.get 4))))",
        "(f64.convert_i32_s (i32.div_s (i32.load (local.get 4)) (i32.load offset=4 (local.get 4))))",
        "(f64.load (i32.load (local.get 4)))",
    ] {
        agree(body, &wat::parse_str(simple_module("", body)).unwrap(), 300);
    }
}

#[test]
fn initializers_and_post_returns_are_called() {
    let counted = "(global $n (mut i32) (i32.const 0))
        (func (export \"_initialize\") (global.set $n (i32.add (global.get $n) (i32.const 5))))";
    let text = simple_module(counted, "(f64.convert_i32_s (global.get $n))");
    let upload = wat::parse_str(&text).unwrap();
    agree("initialize", &upload, 3);
    assert_eq!(Program::new(&upload).unwrap().reward("", "", &[], "", ""), Ok(5.0));
    let after = "(func (export \"cabi_post_reward\") (param f64) (unreachable))";
    agree("post-return", &wat::parse_str(simple_module(after, "(f64.const 1)")).unwrap(), 3);
}

/// The interpreter's dispatch wants its own code optimised into jumps; where it is not, this overflows the stack.
#[test]
fn long_loops_need_no_stack() {
    let body = "(loop $again (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get 0) (i32.const 5000000))))
        (f64.convert_i32_u (i32.rem_u (local.get 0) (i32.const 1000)))";
    agree("loop", &wat::parse_str(simple_module("", body)).unwrap(), 2);
}

#[test]
fn a_difference_is_noticed() {
    let ends = |constant: &str| wat::parse_str(simple_module("", constant)).unwrap();
    let program = Program::new(&ends("(f64.const 1)")).unwrap();
    let (task, sample) = Numbers(1).input();
    for other in ["(f64.const 0x1.0000000000001p0)", "(f64.const nan)", "(f64.const 2e6)", "(unreachable)"] {
        assert!(compare(&reward_of(&SANDBOX, &ends(other)), &program, &task, &sample).is_err(), "{other}");
    }
    let traps = Program::new(&ends("(unreachable)")).unwrap();
    for other in ["(f64.const 1)", "(f64.load (i32.const -8))"] {
        assert!(compare(&reward_of(&SANDBOX, &ends(other)), &traps, &task, &sample).is_err(), "{other}");
    }
}

#[test]
fn other_modules_are_not_taken() {
    let refused = |wasm: &[u8]| Program::new(wasm).expect_err("must be refused");
    assert!(matches!(refused(b"def reward(): pass"), Error::Invalid(_)));
    let group = std::fs::read(folder("guests/wat/shortest.wasm")).unwrap();
    assert!(matches!(refused(&group), Error::Import(_) | Error::Export(_)));
    let good = simple_module("", "(f64.const 1)");
    for (from, to) in
        [("\"memory\"", "\"heap\""), ("\"cabi_realloc\"", "\"malloc\""), ("\"reward\"", "\"score\"")]
    {
        let wasm = wat::parse_str(good.replacen(from, to, 1)).unwrap();
        assert!(matches!(refused(&wasm), Error::Export(_)), "{from}");
    }
}
