//! Validates the code of an upload and weighs it on the way. Compiling takes time and memory with the number of
//! operators, branches above all, times the number of values that live across them, which the caps on size do not
//! bound: one function of 20,000 branches over 1,900 locals had not compiled after eight minutes on a busy machine.
//! Measured: the heaviest function that passes compiles in about 10 s and 500 MB; a 9 MB optimiser written in C++
//! has 9 M in its heaviest function and 178 M in all. Not exact, and no replacement for limits on the compiling
//! process.

use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, OperatorsReader,
    Parser, ValidPayload, Validator, ValidatorResources,
};

use sandbox::engine::FEATURES;

/// Operators times live values, of one function; a branch counts as 16.
pub(crate) const FUNCTION_WEIGHT: u64 = 64_000_000;
/// The same, of all functions together.
pub(crate) const MODULE_WEIGHT: u64 = 640_000_000;

/// Why the code is refused.
pub(crate) enum Refusal {
    Invalid(BinaryReaderError),
    TooHeavy { weight: u64, limit: u64 },
}

impl From<BinaryReaderError> for Refusal {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(error)
    }
}

/// Validates everything with the features that are on.
pub(crate) fn validate(upload: &[u8]) -> Result<Types, Refusal> {
    let mut validator = Validator::new_with_features(FEATURES);
    let mut functions = Vec::new();
    let mut outermost = None;
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    for payload in parser.parse_all(upload) {
        match validator.payload(&payload?)? {
            ValidPayload::Func(function, body) => functions.push((function, body)),
            ValidPayload::End(types) => outermost = Some(types),
            _ => {}
        }
    }
    let mut allocations = FuncValidatorAllocations::default();
    let mut sum = 0;
    for (function, body) in functions {
        let weight;
        (weight, allocations) = weigh(function, &body, allocations)?;
        check(weight, FUNCTION_WEIGHT)?;
        sum += weight;
        check(sum, MODULE_WEIGHT)?;
    }
    Ok(outermost.expect("parsing ends with the end of the outermost module, or with an error"))
}

fn check(weight: u64, limit: u64) -> Result<(), Refusal> {
    if weight > limit { Err(Refusal::TooHeavy { weight, limit }) } else { Ok(()) }
}

fn weigh(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
) -> Result<(u64, FuncValidatorAllocations), BinaryReaderError> {
    let mut validator = function.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let mut operators = OperatorsReader::new(reader);
    let mut weight = 0;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        let live = u64::from(validator.len_locals()) + u64::from(validator.operand_stack_height());
        weight += effort(&operator) * live;
    }
    operators.finish()?;
    Ok((weight, validator.into_allocations()))
}

/// What an operator adds to the compiler's work, roughly: blocks of machine code cost most.
fn effort(operator: &Operator<'_>) -> u64 {
    match operator {
        Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::Else
        | Operator::Br { .. }
        | Operator::BrIf { .. } => 16,
        Operator::BrTable { targets } => 16 * (u64::from(targets.len()) + 1),
        _ => 1,
    }
}
