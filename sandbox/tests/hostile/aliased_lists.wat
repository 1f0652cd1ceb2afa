;; Answers with 4000 scores that share one list of 4000 parts: 256 MB if copied out.
;; Result at 512: tag u8; list ptr,len at 516 and 520. Score: f64, parts ptr,len. Part: name ptr,len, f64.
(module
  (import "reliquary:reward/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  (global $top (mut i32) (i32.const 220000))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7)) (i32.const -8))))
  (global $i (mut i32) (i32.const 0))
  (func (export "score") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (loop $again
      (i32.store offset=8 (i32.mul (global.get $i) (i32.const 16)) (i32.const 131072)) (i32.store offset=12 (i32.mul (global.get $i) (i32.const 16)) (i32.const 4000))
      (global.set $i (i32.add (global.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (global.get $i) (i32.const 4000))))
    (i32.store8 (i32.const 100000) (i32.const 0)) (i32.store (i32.const 100004) (i32.const 0)) (i32.store (i32.const 100008) (i32.const 4000))
    (return (i32.const 100000))
    (i32.const 512))
)
