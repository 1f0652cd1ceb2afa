;; Names a part with bytes that are no text.
;; Result at 512: tag u8; list ptr,len at 516 and 520. Score: f64, parts ptr,len. Part: name ptr,len, f64.
(module
  (import "reliquary:reward/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7)) (i32.const -8))))
  (data (i32.const 256) "\ff\fe")
  (func (export "score") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.store (i32.const 1032) (i32.const 1056)) (i32.store (i32.const 1036) (i32.const 1))
    (i32.store (i32.const 1056) (i32.const 256)) (i32.store (i32.const 1060) (i32.const 2)) (f64.store (i32.const 1064) (f64.const 0.5))
    (i32.store (i32.const 516) (i32.const 1024)) (i32.store (i32.const 520) (i32.const 2))
    (i32.const 512))
)
