;; Logs while the host writes its arguments.
;; Result at 512: tag u8; list ptr,len at 516 and 520. Score: f64, parts ptr,len. Part: name ptr,len, f64.
(module
  (import "reliquary:reward/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (call $log (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 4096))
  (func (export "score") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.store (i32.const 516) (i32.const 1024)) (i32.store (i32.const 520) (i32.const 2))
    (i32.const 512))
)
