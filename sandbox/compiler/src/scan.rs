//! Reads an upload once, before anything compiles it: is it WebAssembly, how big are its parts, what does it
//! want and offer. Compilers take time and memory that grow faster than their input, so the caps are here.
//! Does not check that the code is valid; `upload` does, after these caps hold.

use std::ops::Range;

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, ExternalKind, FunctionBody, Instance, Parser, Payload, TypeBounds,
};

use sandbox::engine::INSTANCES;
use sandbox::{Rejection, RejectionCode as Code};

pub(crate) const UPLOAD_BYTES: usize = 32 << 20;
pub(crate) const FUNCTION_BYTES: usize = 512 << 10;
pub(crate) const FUNCTION_LOCALS: u64 = 2_000;
pub(crate) const FUNCTIONS: usize = 40_000;
pub(crate) const CODE_BYTES: usize = 16 << 20;
/// Components inside each other: `componentize-qjs --stub-wasi` writes four.
const NESTING: usize = 4;

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
    /// What instantiating this makes.
    instances: usize,
    /// The same of every component that it knows, in the order of their indices.
    components: Vec<usize>,
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
        check_passed_components(&payload)?;
        match payload {
            Payload::Version { encoding, .. } => self.enter(encoding == Encoding::Component)?,
            Payload::End(_) => self.leave(),
            Payload::FunctionSection(reader) => self.count_functions(reader.count() as usize)?,
            Payload::CodeSectionStart { range, .. } => self.count_code(&range)?,
            Payload::CodeSectionEntry(body) => check_body(&body)?,
            Payload::InstanceSection(reader) => {
                for instance in reader {
                    if matches!(instance.map_err(|e| invalid(&e))?, Instance::Instantiate { .. }) {
                        self.count_instances(1)?;
                    }
                }
            }
            Payload::ComponentInstanceSection(reader) => {
                for instance in reader {
                    let instance = instance.map_err(|e| invalid(&e))?;
                    if let ComponentInstance::Instantiate { component_index, .. } = instance {
                        self.count_component_instance(component_index)?;
                    }
                }
            }
            Payload::ComponentAliasSection(reader) => {
                for alias in reader {
                    self.alias(&alias.map_err(|e| invalid(&e))?)?;
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
        if is_component && components >= NESTING {
            return Err(too_complex(&format!("components may be {NESTING} levels deep at most")));
        }
        self.levels.push(Level { is_component, ..Level::default() });
        Ok(())
    }

    fn leave(&mut self) {
        let left = self.levels.pop();
        if let (Some(left), Some(parent)) = (left.filter(|level| level.is_component), self.levels.last_mut())
        {
            parent.components.push(left.instances);
        }
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

    fn count_instances(&mut self, count: usize) -> Result<(), Rejection> {
        if let Some(level) = self.levels.last_mut() {
            level.instances = level.instances.saturating_add(count);
            if level.instances > INSTANCES {
                return Err(too_complex(&format!("a component may make {INSTANCES} instances at most")));
            }
        }
        Ok(())
    }

    /// Nested components that instantiate others double with every step: 30 lines make 2^30 instances.
    fn count_component_instance(&mut self, component: u32) -> Result<(), Rejection> {
        let known = self.levels.last().and_then(|level| level.components.get(component as usize)).copied();
        let made = known
            .ok_or_else(|| too_complex("only components that stand in the module may be instantiated"))?;
        self.count_instances(made.saturating_add(1))
    }

    /// A component may get another name; one that comes out of an instance is nowhere counted.
    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Rejection> {
        match *alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let level =
                    self.levels.len().checked_sub(1 + count as usize).and_then(|at| self.levels.get(at));
                let made = level.and_then(|level| level.components.get(index as usize)).copied();
                let made = made.ok_or_else(|| too_complex("an alias names no component of the module"))?;
                self.name_component(made);
                Ok(())
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                Err(too_complex("an instance may not offer components"))
            }
            _ => Ok(()),
        }
    }

    fn name_component(&mut self, made: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.components.push(made);
        }
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
                    // The types that the world uses: other names for what is there, nothing that the host gives.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        self.outline.imports.push((import.name.name.to_owned(), String::new()));
                    }
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

/// Components that are handed in or out would be nowhere counted.
fn check_passed_components(payload: &Payload<'_>) -> Result<(), Rejection> {
    let passes = match payload {
        Payload::ComponentImportSection(reader) => reader
            .clone()
            .into_iter()
            .flatten()
            .any(|import| matches!(import.ty, ComponentTypeRef::Component(_))),
        Payload::ComponentExportSection(reader) => {
            reader.clone().into_iter().flatten().any(|export| export.kind == ComponentExternalKind::Component)
        }
        _ => false,
    };
    if passes { Err(too_complex("components may not import or export components")) } else { Ok(()) }
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
