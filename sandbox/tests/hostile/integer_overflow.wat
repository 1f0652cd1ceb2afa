;; Divides the smallest integer by minus one.
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7)) (i32.const -8))))
  (func (export "reward") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result f64)
    (f64.convert_i32_s (i32.div_s (i32.const 0x80000000) (i32.const -1))))
)
