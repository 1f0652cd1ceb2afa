//! Reads an upload once, before anything compiles it: is it WebAssembly, how big are its parts, what does it
//! want and offer. Compilers take time and memory that grow faster than their input, so the caps are here.
//! Does not check that the code is valid; `upload` does, after these caps hold.

use std::ops::Range;

use wasmparser::{
    BinaryReaderError, ComponentExternalKind, ComponentInstance, Encoding, ExternalKind, FunctionBody,
    Instance, Parser, Payload,
};

use crate::rejection::{Rejection, RejectionCode as Code};

pub(crate) const UPLOAD_BYTES: usize = 32 << 20;
pub(crate) const FUNCTION_BYTES: usize = 512 << 10;
pub(crate) const FUNCTION_LOCALS: u64 = 2_000;
pub(crate) const FUNCTIONS: usize = 40_000;
pub(crate) const CODE_BYTES: usize = 16 << 20;
/// Instances that one component, outer or nested, may make.
pub(crate) const INSTANCES: usize = 64;

/// The outside of an upload.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) is_component: bool,
    /// `(module, name)` for a core module; `(name, "")` for a component.
    pub(crate) imports: Vec<(String, String)>,
    pub(crate) functions: Vec<String>,
    pub(crate) memories: Vec<String>,
    /// A core module that carries its own WIT, as `wit-bindgen` writes it.
    pub(crate) has_wit: bool,
}

/// Applies the caps, and outlines what is left.
pub(crate) fn scan(upload: &[u8]) -> Result<Outline, Rejection> {
    if upload.len() > UPLOAD_BYTES {
        let message = format!("the module is {} bytes; the limit is {UPLOAD_BYTES}", upload.len());
        return Err(Rejection::new(Code::TooLarge, message));
    }
    if upload.starts_with(b"\x7fELF") {
        let message = "precompiled modules are not taken; upload the .wasm file that it was made from";
        return Err(Rejection::new(Code::Precompiled, message));
    }
    if !upload.starts_with(b"\0asm") {
        return Err(Rejection::new(
            Code::NotWasm,
            "the upload does not start with the WebAssembly magic bytes",
        ));
    }
    let mut scan = Scan::default();
    for payload in Parser::new(0).parse_all(upload) {
        scan.payload(payload.map_err(|e| invalid(&e))?)?;
    }
    Ok(scan.outline)
}

pub(crate) fn invalid(error: &BinaryReaderError) -> Rejection {
    Rejection::new(Code::InvalidWasm, error.to_string())
}

/// One nesting level: a module or a component.
#[derive(Default)]
struct Level {
    is_component: bool,
    instances: usize,
}

#[derive(Default)]
struct Scan {
    outline: Outline,
    levels: Vec<Level>,
    functions: usize,
    code: usize,
}

impl Scan {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Rejection> {
        match payload {
            Payload::Version { encoding, .. } => self.enter(encoding == Encoding::Component)?,
            Payload::End(_) => drop(self.levels.pop()),
            Payload::FunctionSection(reader) => self.count_functions(reader.count() as usize)?,
            Payload::CodeSectionStart { range, .. } => self.count_code(&range)?,
            Payload::CodeSectionEntry(body) => check_body(&body)?,
            Payload::InstanceSection(reader) => {
                for instance in reader {
                    if matches!(instance.map_err(|e| invalid(&e))?, Instance::Instantiate { .. }) {
                        self.count_instance()?;
                    }
                }
            }
            Payload::ComponentInstanceSection(reader) => {
                for instance in reader {
                    if matches!(instance.map_err(|e| invalid(&e))?, ComponentInstance::Instantiate { .. }) {
                        self.count_component_instance()?;
                    }
                }
            }
            outer if self.levels.len() == 1 => self.outline(outer)?,
            _ => {}
        }
        Ok(())
    }

    fn enter(&mut self, is_component: bool) -> Result<(), Rejection> {
        if self.levels.is_empty() {
            self.outline.is_component = is_component;
        }
        let components = self.levels.iter().filter(|level| level.is_component).count();
        if is_component && components >= 2 {
            return Err(too_complex("a component may hold components, and these may not hold more"));
        }
        self.levels.push(Level { is_component, instances: 0 });
        Ok(())
    }

    fn count_functions(&mut self, count: usize) -> Result<(), Rejection> {
        self.functions = self.functions.saturating_add(count);
        if self.functions > FUNCTIONS {
            let message = format!("the module has more than {FUNCTIONS} functions");
            return Err(Rejection::new(Code::TooManyFunctions, message));
        }
        Ok(())
    }

    fn count_code(&mut self, range: &Range<usize>) -> Result<(), Rejection> {
        self.code = self.code.saturating_add(range.len());
        if self.code > CODE_BYTES {
            let message = format!("the module has more than {CODE_BYTES} bytes of code");
            return Err(Rejection::new(Code::CodeTooLarge, message));
        }
        Ok(())
    }

    fn count_instance(&mut self) -> Result<(), Rejection> {
        if let Some(level) = self.levels.last_mut() {
            level.instances += 1;
            if level.instances > INSTANCES {
                return Err(too_complex(&format!("a component may make {INSTANCES} instances at most")));
            }
        }
        Ok(())
    }

    /// Nested components that instantiate others double with every step: 30 lines make 2^30 instances.
    fn count_component_instance(&mut self) -> Result<(), Rejection> {
        if self.levels.len() > 1 {
            return Err(too_complex("only the outermost component may instantiate components"));
        }
        self.count_instance()
    }

    fn outline(&mut self, payload: Payload<'_>) -> Result<(), Rejection> {
        match payload {
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    let import = import.map_err(|e| invalid(&e))?;
                    self.outline.imports.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::ComponentImportSection(reader) => {
                for import in reader {
                    let import = import.map_err(|e| invalid(&e))?;
                    self.outline.imports.push((import.name.name.to_owned(), String::new()));
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export.map_err(|e| invalid(&e))?;
                    match export.kind {
                        ExternalKind::Func => self.outline.functions.push(export.name.to_owned()),
                        ExternalKind::Memory => self.outline.memories.push(export.name.to_owned()),
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(reader) => {
                for export in reader {
                    let export = export.map_err(|e| invalid(&e))?;
                    if export.kind == ComponentExternalKind::Func {
                        self.outline.functions.push(export.name.name.to_owned());
                    }
                }
            }
            Payload::CustomSection(section) => {
                self.outline.has_wit |= section.name().starts_with("component-type");
            }
            _ => {}
        }
        Ok(())
    }
}

fn check_body(body: &FunctionBody<'_>) -> Result<(), Rejection> {
    let size = body.range().len();
    if size > FUNCTION_BYTES {
        let message = format!("a function is {size} bytes long; the limit is {FUNCTION_BYTES}");
        return Err(Rejection::new(Code::FunctionTooLarge, message));
    }
    let mut locals = 0u64;
    for group in body.get_locals_reader().map_err(|e| invalid(&e))? {
        locals += u64::from(group.map_err(|e| invalid(&e))?.0);
    }
    if locals > FUNCTION_LOCALS {
        let message = format!("a function has {locals} locals; the limit is {FUNCTION_LOCALS}");
        return Err(Rejection::new(Code::TooManyLocals, message));
    }
    Ok(())
}

fn too_complex(message: &str) -> Rejection {
    Rejection::new(Code::TooComplex, message)
}
