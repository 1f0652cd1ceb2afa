;; Reward `length`, world reward-simple, written by hand.
;; 1 up to a target number of tokens, then target / tokens. The target is the decimal number at the start of
;; the reference; 512 where there is none.
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))

  ;; Bump allocator; the instance is dropped after the call.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32) (local $end i32) (local $have i32)
    (local.set $start
      (i32.and (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $start) (local.get $size)))
    (if (i32.lt_u (local.get $end) (local.get $start)) (then unreachable))
    (local.set $have (i32.shl (memory.size) (i32.const 16)))
    (if (i32.gt_u (local.get $end) (local.get $have))
      (then
        (if (i32.eq (i32.const -1)
              (memory.grow (i32.shr_u (i32.add (i32.sub (local.get $end) (local.get $have)) (i32.const 65535)) (i32.const 16))))
          (then unreachable))))
    (if (local.get $old)
      (then (memory.copy (local.get $start) (local.get $old)
              (select (local.get $old_size) (local.get $size) (i32.lt_u (local.get $old_size) (local.get $size))))))
    (global.set $top (local.get $end))
    (local.get $start))

  (func (export "reward")
    (param $prompt i32) (param $prompt_size i32) (param $completion i32) (param $completion_size i32)
    (param $ids i32) (param $id_count i32) (param $reference i32) (param $reference_size i32)
    (param $metadata i32) (param $metadata_size i32) (result f64)
    (local $end i32) (local $digit i32) (local $target f64)
    (local.set $end (i32.add (local.get $reference) (local.get $reference_size)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $reference) (local.get $end)))
        (local.set $digit (i32.sub (i32.load8_u (local.get $reference)) (i32.const 48)))
        (br_if $done (i32.gt_u (local.get $digit) (i32.const 9)))
        (local.set $target
          (f64.add (f64.mul (local.get $target) (f64.const 10)) (f64.convert_i32_u (local.get $digit))))
        (local.set $reference (i32.add (local.get $reference) (i32.const 1)))
        (br $next)))
    (if (f64.eq (local.get $target) (f64.const 0)) (then (local.set $target (f64.const 512))))
    ;; no tokens: target / 0 is infinite, and 1 is smaller
    (f64.min (f64.const 1) (f64.div (local.get $target) (f64.convert_i32_u (local.get $id_count)))))
)
