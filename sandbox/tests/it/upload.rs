//! What the upload refuses, with which code, and what it makes of what it takes.

use sandbox::{ContentHash, Error, Module, ModuleInfo, RejectionCode as Code, World};

use crate::kit::{SANDBOX, reward_of, score_one, simple_module, upload_of};

fn rejected(upload: &[u8]) -> Code {
    let rejection = SANDBOX.validate(upload).expect_err("must be refused");
    assert!(!rejection.message.is_empty() && rejection.message.len() < 700, "{rejection}");
    rejection.code
}

fn rejected_text(text: &str) -> Code {
    rejected(&wat::parse_str(text).expect("the test's text is WebAssembly"))
}

/// A well-formed module with this in it; all else would be accepted.
fn rejected_with(definitions: &str) -> Code {
    rejected_text(&simple_module(definitions, "(f64.const 1)"))
}

#[test]
fn the_frame_of_these_tests_is_accepted() {
    let upload = wat::parse_str(simple_module("", "(f64.const 1)")).unwrap();
    let module = SANDBOX.validate(&upload).unwrap();
    assert_eq!(module.world(), World::RewardSimple);
    assert_eq!(module.info().upload_sha256, ContentHash::of(&upload));
    assert_eq!(module.info().component_sha256, ContentHash::of(module.component()));
    // The component that came out may itself be uploaded, and is then taken as it is.
    let again = SANDBOX.validate(module.component()).unwrap();
    assert_eq!(again.component(), module.component());
    assert_eq!(again.info().upload_sha256, module.info().component_sha256);
}

#[test]
fn not_wasm() {
    assert_eq!(rejected(b""), Code::NotWasm);
    assert_eq!(rejected(b"def score(task, samples): return 1"), Code::NotWasm);
    assert_eq!(rejected(b"(module)"), Code::NotWasm);
}

#[test]
fn precompiled_code() {
    assert_eq!(rejected(b"\x7fELF\x02\x01\x01\x00 a .cwasm file is an ELF file"), Code::Precompiled);
}

#[test]
fn too_large() {
    let mut upload = b"\0asm\x01\0\0\0".to_vec();
    upload.resize((32 << 20) + 1, 0);
    assert_eq!(rejected(&upload), Code::TooLarge);
}

#[test]
fn invalid_wasm_never_panics() {
    let upload = upload_of("last-number");
    assert_eq!(rejected(&upload[..upload.len() / 2]), Code::InvalidWasm);
    assert_eq!(rejected(b"\0asm\x07\0\0\0"), Code::InvalidWasm);
    assert_eq!(
        rejected_text("(module (func (export \"reward\") (result i32) (i64.const 1)))"),
        Code::InvalidWasm
    );
    // Any one byte wrong, in a core module and in a component: accepted or refused, never a crash.
    let component = SANDBOX.validate(upload).unwrap().into_parts().1;
    let mut refused = 0;
    for (upload, step) in [(upload, 7), (component.as_slice(), 13)] {
        for at in (8..upload.len()).step_by(step) {
            let mut broken = upload.to_vec();
            broken[at] ^= 0x55;
            refused += u32::from(SANDBOX.validate(&broken).is_err());
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn features_that_are_off() {
    for definitions in [
        "(memory $shared 1 2 shared)",
        "(memory $big i64 1)",
        "(memory $second 1)",
        "(func (param i32) (result i32) (return_call 0 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))",
        "(tag $e) (func (throw $e))",
        "(type $s (struct (field i32))) (func (result (ref $s)) (struct.new $s (i32.const 1)))",
        "(func (param externref))",
        "(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))",
        "(func (result v128) (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0)))",
    ] {
        let upload = wat::parse_str(simple_module(definitions, "(f64.const 1)")).unwrap();
        let rejection = SANDBOX.validate(&upload).expect_err(definitions);
        assert_eq!(rejection.code, Code::ForbiddenFeature, "{definitions}: {}", rejection.message);
    }
    let memories = "(memory 1)".repeat(60);
    assert_eq!(rejected_with(&memories), Code::ForbiddenFeature);
}

#[test]
fn imports_that_are_not_offered() {
    let core = |import: &str| {
        simple_module("", "(f64.const 1)").replacen("(module", &format!("(module {import}"), 1)
    };
    for import in [
        r#"(import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))"#,
        r#"(import "env" "abort" (func (param i32 i32 i32 i32)))"#,
        r#"(import "env" "memory" (memory 1))"#,
        r#"(import "reliquary:reward/host@0.1.0" "exec" (func))"#,
        r#"(import "reliquary:reward/host@0.2.0" "log" (func (param i32 i32 i32)))"#,
    ] {
        assert_eq!(rejected_text(&core(import)), Code::ForbiddenImport, "{import}");
    }
    for import in [
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u64)))))"#,
        r#"(import "reliquary:reward/host@0.1.0" (instance (export "read-file" (func))))"#,
        r#"(import "reliquary:reward/host@0.1.0" (instance (export "log" (func (param "level" u8)))))"#,
        r#"(import "get-key" (func (result string)))"#,
    ] {
        let code = rejected_text(&format!("(component {import} {EXPORT_OF_WRONG_TYPE})"));
        assert_eq!(code, Code::ForbiddenImport, "{import}");
    }
}

/// Exports `reward` without arguments.
const EXPORT_OF_WRONG_TYPE: &str = r#"
  (core module $m (func (export "reward") (result f64) (f64.const 1)))
  (core instance $i (instantiate $m))
  (func $reward (result f64) (canon lift (core func $i "reward")))
  (export "reward" (func $reward))"#;

#[test]
fn exports_that_are_missing_or_wrong() {
    let good = simple_module("", "(f64.const 1)");
    let without = |from: &str, to: &str| rejected_text(&good.replacen(from, to, 1));
    assert_eq!(rejected_text("(module)"), Code::MissingExport);
    assert_eq!(rejected_text("(component)"), Code::MissingExport);
    assert_eq!(without("(export \"reward\")", "(export \"grade\")"), Code::MissingExport);
    assert_eq!(without("(export \"cabi_realloc\")", ""), Code::MissingExport);
    assert_eq!(without("(export \"memory\")", ""), Code::MissingExport);
    assert_eq!(
        without("(result f64)\n    (f64.const 1)", "(result f32) (f32.const 1)"),
        Code::WrongSignature
    );
    assert_eq!(
        without("(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)", "(param i32 i32)"),
        Code::WrongSignature
    );
    assert_eq!(
        without("(param i32 i32 i32 i32) (result i32)", "(param i32 i32 i32 i32 i32) (result i32)"),
        Code::WrongSignature
    );
    // `score` names the other world, whose type this is not.
    assert_eq!(without("(export \"reward\")", "(export \"score\")"), Code::WrongSignature);
    assert_eq!(rejected_text(&format!("(component {EXPORT_OF_WRONG_TYPE})")), Code::WrongSignature);
}

/// A core module `(func ...)` by hand: `wat` takes long for millions of instructions.
fn functions_of_nops(functions: usize, nops: usize) -> Vec<u8> {
    let mut body = leb(nops + 2);
    body.push(0);
    body.resize(body.len() + nops, 0x01);
    body.push(0x0b);
    let section = |id: u8, contents: &[u8]| [vec![id], leb(contents.len()), contents.to_vec()].concat();
    let types = [leb(functions), vec![0; functions]].concat();
    let code = [leb(functions), body.repeat(functions)].concat();
    [b"\0asm\x01\0\0\0".to_vec(), section(1, &[1, 0x60, 0, 0]), section(3, &types), section(10, &code)]
        .concat()
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn compile_bombs() {
    assert_eq!(rejected(&functions_of_nops(1, 600 << 10)), Code::FunctionTooLarge);
    assert_eq!(rejected(&functions_of_nops(200_000, 1)), Code::TooManyFunctions);
    assert_eq!(rejected(&functions_of_nops(40, 450 << 10)), Code::CodeTooLarge);
    assert_eq!(rejected_with(&format!("(func (local {}))", "i64 ".repeat(20_000))), Code::TooManyLocals);
    // 20,000 branches with 1,900 values live at each: minutes of compiling.
    let branches = "(if (local.get 3) (then (local.set 5 (local.get 7))))".repeat(20_000);
    let locals = "i32 ".repeat(1_900);
    assert_eq!(rejected_with(&format!("(func (local {locals}) {branches})")), Code::TooComplex);
    let loads = "(local.set 3 (i32.load (local.get 5)))".repeat(40_000);
    assert_eq!(rejected_with(&format!("(func (local {locals}) {loads})")), Code::TooComplex);
    // Many functions that are each just light enough.
    let branches = "(if (local.get 3) (then (local.set 5 (local.get 7))))".repeat(1_500);
    let function = format!("(func (local {locals}) {branches})");
    assert_eq!(rejected_with(&function.repeat(15)), Code::TooComplex);
    // Under the caps these are only modules without a reward.
    assert_eq!(rejected(&functions_of_nops(1, 400 << 10)), Code::MissingExport);
    assert_eq!(rejected(&functions_of_nops(40_000, 1)), Code::MissingExport);
}

#[test]
fn component_bombs() {
    // Each level instantiates the one before twice: 2^30 instances from 30 lines.
    let doubling: Vec<String> = (1..=30)
        .map(|level| {
            let alias = format!("(alias outer 1 $c{} (component $d))", level - 1);
            format!("(component $c{level} {alias} (instance (instantiate $d)) (instance (instantiate $d)))")
        })
        .collect();
    let doubling = format!("(component $c0) {}", doubling.join(" "));
    assert_eq!(
        rejected_text(&format!("(component {doubling} (instance (instantiate $c30)))")),
        Code::TooComplex
    );
    // The same through another index, and components that nobody counts.
    for (inner, outer) in [
        ("(component $d (import \"x\" (component $e)) (instance (instantiate $e)))", "(component $e)"),
        ("(component $d (component $e) (export $f \"x\" (component $e)))", ""),
        (
            "(component $d (component $e) (instance $i (export \"x\" (component $e))) (alias export $i \"x\" (component $f)) (instance (instantiate $f)))",
            "",
        ),
    ] {
        assert_eq!(rejected_text(&format!("(component {outer} {inner})")), Code::TooComplex, "{inner}");
    }
    let nested = |levels: usize| "(component ".repeat(levels) + &")".repeat(levels);
    assert_eq!(rejected_text(&nested(4)), Code::MissingExport);
    assert_eq!(rejected_text(&nested(5)), Code::TooComplex);
    // Nested ones may instantiate: here 8 times 7 of a core module, and the 8 themselves.
    let seven =
        "(component $c (core module $m) ".to_owned() + &"(core instance (instantiate $m))".repeat(7) + ")";
    let used = |times: usize| format!("(component {seven} {})", "(instance (instantiate $c))".repeat(times));
    assert_eq!(rejected_text(&used(8)), Code::MissingExport);
    assert_eq!(rejected_text(&used(9)), Code::TooComplex);
    let many = "(core instance (instantiate $m))".repeat(65);
    assert_eq!(rejected_text(&format!("(component (core module $m) {many})")), Code::TooComplex);
}

#[test]
fn more_than_the_engine_ever_grants() {
    assert_eq!(rejected_with("(table 10000000 funcref)"), Code::Unsupported);
    let big =
        simple_module("", "(f64.const 1)").replacen("(export \"memory\") 1)", "(export \"memory\") 5000)", 1);
    assert_eq!(rejected_text(&big), Code::Unsupported);
}

#[test]
fn stored_modules_are_checked_when_they_come_back() {
    let module = SANDBOX.validate(upload_of("last-number")).unwrap();
    let (info, component) = module.clone().into_parts();
    let json = serde_json::to_string(&info).unwrap();
    let info: ModuleInfo = serde_json::from_str(&json).unwrap();
    assert_eq!(Module::from_parts(info.clone(), component.clone()).unwrap(), module);

    let mut tampered = component;
    tampered[100] ^= 1;
    assert!(matches!(Module::from_parts(info, tampered), Err(Error::Corrupt { .. })));
}

#[test]
fn a_module_that_brings_its_own_wit_is_taken() {
    // What wit-bindgen does for Rust guests: the module carries the world in a custom section.
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("reward.wit", include_str!("../../wit/reward.wit")).unwrap();
    let world = resolve.select_world(&[package], Some("reward-simple")).unwrap();
    let mut core = upload_of("last-number").to_vec();
    wit_component::embed_component_metadata(&mut core, &resolve, world, wit_component::StringEncoding::UTF8)
        .unwrap();
    let reward = reward_of(&SANDBOX, &core);
    assert_eq!(score_one(&SANDBOX, &reward, "5", "It is 5.").score.unwrap().reward, 1.0);
}
