;; Reward `shortest`, world reward, written by hand: 1 for the completions with the fewest tokens of the group,
;; else 0; one part, `tokens`; one log line. An empty reference is a fault.
;;
;; Layout: scratch below 1024. sample = text ptr,len; ids ptr,len; finish u8: 20 bytes, align 4.
;; score = f64 reward; parts ptr,len: 16 bytes, align 8. part = name ptr,len; f64 value: 16 bytes, align 8.
(module
  (import "reliquary:reward/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "tokens")
  (data (i32.const 16) "graded the group")
  (data (i32.const 48) "the reference is empty")
  (global $top (mut i32) (i32.const 1024))

  (func $alloc (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
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

  (func $tokens (param $samples i32) (param $i i32) (result i32)
    (i32.load offset=12 (i32.add (local.get $samples) (i32.mul (local.get $i) (i32.const 20)))))

  (func (export "score")
    (param $id i32) (param $id_size i32) (param $prompt i32) (param $prompt_size i32)
    (param $prompt_ids i32) (param $prompt_id_count i32) (param $reference i32) (param $reference_size i32)
    (param $metadata i32) (param $metadata_size i32) (param $seed i64)
    (param $samples i32) (param $count i32) (result i32)
    (local $i i32) (local $least i32) (local $scores i32) (local $part i32) (local $at i32)
    ;; result: tag u8 at 512; list ptr,len at 516, or the fault's tag at 516 and its text at 520
    (if (i32.eqz (local.get $reference_size))
      (then
        (i32.store8 (i32.const 512) (i32.const 1))
        (i32.store8 (i32.const 516) (i32.const 0))
        (i32.store (i32.const 520) (i32.const 48))
        (i32.store (i32.const 524) (i32.const 22))
        (return (i32.const 512))))
    (local.set $least (i32.const -1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (if (i32.lt_u (call $tokens (local.get $samples) (local.get $i)) (local.get $least))
          (then (local.set $least (call $tokens (local.get $samples) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.set $scores (call $alloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.mul (local.get $count) (i32.const 16))))
    (local.set $i (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (local.set $part (call $alloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 16)))
        (i32.store (local.get $part) (i32.const 0))
        (i32.store offset=4 (local.get $part) (i32.const 6))
        (f64.store offset=8 (local.get $part) (f64.convert_i32_u (call $tokens (local.get $samples) (local.get $i))))
        (local.set $at (i32.add (local.get $scores) (i32.mul (local.get $i) (i32.const 16))))
        (f64.store (local.get $at)
          (f64.convert_i32_u (i32.eq (call $tokens (local.get $samples) (local.get $i)) (local.get $least))))
        (i32.store offset=8 (local.get $at) (local.get $part))
        (i32.store offset=12 (local.get $at) (i32.const 1))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (call $log (i32.const 1) (i32.const 16) (i32.const 16))
    (i32.store8 (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (local.get $scores))
    (i32.store (i32.const 520) (local.get $count))
    (i32.const 512))
)
