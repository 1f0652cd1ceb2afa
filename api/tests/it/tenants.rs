//! The matrix: every route of the document, called by nobody, by a key without its scope, by a session of every role, by
//! another organisation (with a key and with a session) and by another project of the same one. A route that this test knows no id for fails it.

use protocol::{JobId, Role, Scope, Scopes};
use reqwest::Method;
use serde_json::{Value, json};
use store::api_keys::Terms;

use crate::compat::any_batch;
use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body, module_form, quick};
use crate::people::join;

/// Words that must never reach a stranger.
const CANARY: &str = "canary-7f3a";

/// A request with a body that its route reads.
pub(crate) async fn ask(
    service: &Service,
    method: &Method,
    path: &str,
    customer: Option<&Customer>,
) -> Answer {
    let mut request = service.request(method.clone(), path);
    if let Some(customer) = customer {
        request = request.bearer_auth(&customer.key);
    }
    if method == Method::PATCH {
        request = request.json(&json!({}));
    }
    if method == Method::POST {
        let is_upload = path.ends_with("/versions") || path.ends_with("/validate");
        request = if is_upload { request.multipart(module_form(b"{}")) } else { request.json(&json!({})) };
    }
    if method == Method::PATCH || method == Method::PUT {
        request = request.json(&json!({}));
    }
    Answer::of(request.send().await.unwrap()).await
}

/// One of everything that has an id, all the owner's.
pub(crate) struct Owned {
    job: String,
    group: String,
    rollout: String,
    function: String,
    key: String,
    quote: String,
    file: String,
    upload: String,
    batch: String,
    model: String,
    checkpoint: String,
    export: String,
    project: String,
    organization: String,
    invoice: String,
    /// Who is signed in, and the session.
    pub(crate) member: String,
    session: String,
    /// Of endpoint, delivery and event of a webhook, and of a re-check.
    others: [String; 4],
}

impl Owned {
    pub(crate) async fn of(service: &Service, owner: &Customer) -> Self {
        Self::between(service, owner, owner).await
    }

    /// The same, where what is the organisation's is made by another of its keys.
    pub(crate) async fn between(service: &Service, owner: &Customer, root: &Customer) -> Self {
        let named = json!({ "name": CANARY });
        let function = service.post(owner, "/v1/reward_functions", &named).await.json(201);
        let function = function["id"].as_str().unwrap().to_owned();
        let form = module_form(sandbox::BUILTINS[0].1).text("description", CANARY);
        service.form(owner, &format!("/v1/reward_functions/{function}/versions"), form).await.json(201);
        service.validate().await;
        let hook = json!({ "url": "https://example.com/hook", "description": CANARY });
        service.post(owner, "/v1/webhook_endpoints", &hook).await.json(201);
        let mut body = job_body(2);
        body["prompts"][0]["custom_id"] = json!(CANARY);
        body["metadata"] = json!({ "secret": CANARY });
        let job = service.post(owner, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
        let rollout = deliver(service, &job, 0).await[0].to_string();
        let group = job.parse::<JobId>().unwrap().group(0).to_string();
        let wish = json!({ "name": CANARY, "scopes": ["jobs:read"] });
        let key =
            service.post(owner, "/v1/api_keys", &wish).await.json(201)["id"].as_str().unwrap().to_owned();
        let quote = service.post(owner, "/v1/quotes", &job_body(1)).await.json(201);
        let quote = quote["id"].as_str().unwrap().to_owned();
        let form = reqwest::multipart::Form::new().text("purpose", "job_input");
        let part = reqwest::multipart::Part::bytes(CANARY.as_bytes().to_vec()).file_name(CANARY);
        let file = service.form(owner, "/v1/files", form.part("file", part)).await.json(201);
        let file = file["id"].as_str().unwrap().to_owned();
        let wish = json!({ "filename": CANARY, "purpose": "job_input", "bytes": 7 });
        let upload = service.post(owner, "/v1/uploads", &wish).await.json(201);
        let upload = upload["id"].as_str().unwrap().to_owned();
        let batch = any_batch(service, owner, CANARY).await;
        let model = service.get(owner, "/v1/checkpoints/current").await.json(200);
        let model = model["id"].as_str().unwrap().to_owned();
        // a commit is asked for once per project, and there may be several of these in one
        let commit = format!(
            "{:040x}",
            file.bytes().fold(0_u128, |sum, byte| sum.wrapping_mul(257) + u128::from(byte))
        );
        let wish = json!({ "hf_repo": format!("lab/{CANARY}"), "revision": commit });
        let checkpoint = service.post(owner, "/v1/checkpoints", &wish).await.json(201);
        let checkpoint = checkpoint["id"].as_str().unwrap().to_owned();
        let asked = json!({ "format": "tinker" });
        let export = service.post(owner, &format!("/v1/jobs/{job}/exports"), &asked).await.json(202);
        let export = export["id"].as_str().unwrap().to_owned();
        let project = owner.account.default_project().to_string();
        let patched = service.request(Method::PATCH, &format!("/v1/projects/{project}")).json(&named);
        Answer::of(patched.bearer_auth(&root.key).send().await.unwrap()).await.json(200);
        let others = Self::others(service, owner, &rollout).await;
        let organization = owner.account.to_string();
        // a key that reaches the organisation sees it
        let invoices = service.get(root, "/v1/invoices").await.json(200);
        let invoice = invoices["data"][0]["id"].as_str().unwrap().to_owned();
        let person = join(service, root, "viewer").await;
        let (member, session) = (person.member, person.session);
        Self {
            job,
            group,
            rollout,
            function,
            key,
            quote,
            file,
            upload,
            batch,
            model,
            checkpoint,
            export,
            project,
            organization,
            invoice,
            member,
            session,
            others,
        }
    }

    async fn others(service: &Service, owner: &Customer, rollout: &str) -> [String; 4] {
        let deliveries = service.get(owner, "/v1/webhook_deliveries").await.json(200);
        let delivery = &deliveries["data"][0];
        let check = json!({ "level": "signatures", "rollouts": [rollout] });
        let check = service.post(owner, "/v1/verifications", &check).await.json(201);
        [&delivery["endpoint_id"], &delivery["id"], &delivery["event_id"], &check["id"]]
            .map(|id| id.as_str().unwrap().to_owned())
    }

    /// The id that a path names. Whoever adds a resource teaches this test to make one, and gets its row of the matrix.
    pub(crate) fn id(&self, path: &str) -> &str {
        match path.split('/').nth(2) {
            Some("jobs") => &self.job,
            Some("groups") => &self.group,
            Some("rollouts") => &self.rollout,
            Some("reward_functions") => &self.function,
            Some("api_keys") => &self.key,
            Some("quotes") => &self.quote,
            Some("files") => &self.file,
            Some("uploads") => &self.upload,
            Some("batches") => &self.batch,
            Some("models") => &self.model,
            Some("checkpoints") => &self.checkpoint,
            Some("exports") => &self.export,
            Some("projects" | "budgets") => &self.project,
            Some("organizations") => &self.organization,
            Some("invoices") => &self.invoice,
            Some("sessions") => &self.session,
            Some("webhook_endpoints") => &self.others[0],
            Some("webhook_deliveries") => &self.others[1],
            Some("events") => &self.others[2],
            Some("verifications") => &self.others[3],
            _ => panic!("{path}: make an id for this resource in `Owned`"),
        }
    }

    /// The path of something that is the owner's.
    pub(crate) fn concrete(&self, path: &str) -> String {
        if !path.contains('{') {
            return path.to_owned();
        }
        let concrete = path.replace("{id}", self.id(path)).replace("{version}", "1");
        let concrete = concrete.replace("{member_id}", &self.member).replace("{scope}", self.id(path));
        assert!(!concrete.contains('{'), "{path}: what stands in its other parameters?");
        concrete
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let known = [
            CANARY,
            &self.job,
            &self.group,
            &self.rollout,
            &self.function,
            &self.key,
            &self.quote,
            &self.file,
            &self.upload,
            &self.batch,
            &self.export,
            &self.checkpoint,
            &self.member,
            &self.session,
        ];
        known.into_iter().chain(self.others.iter().map(String::as_str))
    }
}

/// The body, but for what differs with the request itself.
fn without_ids(answer: &Answer, path: &str, id: &str) -> String {
    let request = answer.header("request-id");
    answer.text.replace(path, "<path>").replace(id, "<id>").replace(request, "<request>")
}

/// What is refused to a key for want of a scope is refused to sessions of roles without it, and to no others.
async fn as_role(
    service: &Service,
    (method, path, concrete): (&Method, &str, &str),
    refused: &Answer,
    (role, person): &(Role, Customer),
) {
    let answer = ask(service, method, concrete, Some(person)).await;
    let scope = (refused.status == 403)
        .then(|| Scope::parse(refused.json(403)["meta"]["scope"].as_str().unwrap()).unwrap());
    if scope.is_some_and(|scope| !role.scopes().has(scope)) {
        assert_eq!(answer.problem(403), "missing_scope", "{method} {path} as {role}");
    } else {
        assert!(answer.status != 401 && answer.status < 500, "{method} {path} as {role}: {}", answer.text);
        let is_refused = answer.status == 403 && answer.problem(403) == "missing_scope";
        assert!(!is_refused, "{method} {path} as {role}");
    }
}

#[tokio::test]
async fn every_route_keeps_tenants_apart() {
    // a stream of a project ends by its age alone
    let service = Service::with(api::Config { sse_max_age_ms: 200, ..quick() }).await;
    let (owner, stranger) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    let sibling = service.sibling(&owner).await;
    let owned = Owned::of(&service, &owner).await;
    let one_scope = async |scope: Scope| {
        let scopes: Scopes = [scope].into_iter().collect();
        service.another(&owner, Terms { scopes, ..Terms::of_project() }).await
    };
    let manager = join(&service, &stranger, "owner").await.customer();
    let mut roles = Vec::new();
    for role in Role::ALL {
        roles.push((role, join(&service, &stranger, role.as_str()).await.customer()));
    }
    let (auditor, reader) = (one_scope(Scope::AuditRead).await, one_scope(Scope::JobsRead).await);

    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut visited = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"] == json!([{}]) {
                continue; // open to all, and tells nothing of anyone
            }
            visited += 1;
            let (method, concrete) =
                (Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), owned.concrete(path));
            let nobody = ask(&service, &method, &concrete, None).await;
            assert_eq!(nobody.problem(401), "invalid_api_key", "{method} {path}");

            let unfit = if path == "/v1/audit_log" { &reader } else { &auditor };
            let refused = ask(&service, &method, &concrete, Some(unfit)).await;
            if ["/v1/api_keys/self", "/v1/limits", "/v1/prices"].contains(&path.as_str()) {
                assert_eq!(refused.status, 200, "any key may look at itself");
            } else {
                assert_eq!(refused.problem(403), "missing_scope", "{method} {path}");
                let named = refused.json(403)["meta"]["scope"].as_str().unwrap().to_owned();
                assert!(Scope::parse(&named).is_some() && refused.text.contains(&named), "{method} {path}");
            }

            for person in &roles {
                as_role(&service, (&method, path, &concrete), &refused, person).await;
            }

            for outsider in [&stranger, &sibling, &manager] {
                let theirs = ask(&service, &method, &concrete, Some(outsider)).await;
                let told = theirs.text.replace(&concrete, "<path>");
                // the statement is the organisation's, jobs of all its projects included
                let is_own_money = outsider.account == owner.account && path == "/v1/ledger_entries";
                for secret in owned.secrets() {
                    assert!(is_own_money || !told.contains(secret), "{method} {path}: {told}");
                }
                if path == "/v1/models/{id}" {
                    assert_eq!(theirs.status, 200, "models are for all");
                } else if path.contains('{') {
                    assert_eq!(theirs.problem(404), "not_found", "{method} {path}");
                    let id = owned.id(path);
                    let nobodys = format!("{}_00000000000000000000000001", id.split_once('_').unwrap().0);
                    let missing = concrete.replacen(id, &nobodys, 1);
                    let absent = ask(&service, &method, &missing, Some(outsider)).await;
                    assert_eq!(
                        without_ids(&theirs, &concrete, id),
                        without_ids(&absent, &missing, &nobodys),
                        "{method} {path}: another's and nobody's look alike"
                    );
                } else if path == "/v1/api_keys/self" && outsider.key == manager.key {
                    assert_eq!(theirs.problem(403), "api_key_required", "a session is no key");
                } else {
                    assert!(theirs.status != 404 && theirs.status < 500, "{method} {path}: {}", theirs.text);
                }
            }
        }
    }
    assert!(visited >= 52, "the document has lost routes: {visited}");
    nothing_leaks_through_bodies_and_cursors(&service, &owned, &owner, &stranger).await;
}

/// The other's names open nothing inside a body, a header or a cursor either.
async fn nothing_leaks_through_bodies_and_cursors(
    service: &Service,
    owned: &Owned,
    owner: &Customer,
    stranger: &Customer,
) {
    let Owned { job, rollout, function, project, .. } = owned;
    let mut body = job_body(1);
    body["reward"] = json!({ "mode": "wasm", "function": format!("{function}@1") });
    assert_eq!(service.post(stranger, "/v1/jobs", &body).await.problem(422), "unknown_reward_function");
    let own = service.job(stranger, 1).await;
    let cursor = service.get(stranger, &format!("/v1/jobs/{own}/rollouts?after={rollout}")).await;
    assert_eq!(cursor.problem(400), "invalid_parameter");
    let stream = service.request(Method::GET, &format!("/v1/jobs/{job}/events")).bearer_auth(&stranger.key);
    let stream = stream.header("accept", "text/event-stream").header("last-event-id", "1");
    assert_eq!(Answer::of(stream.send().await.unwrap()).await.problem(404), "not_found");
    let there = service.request(Method::GET, "/v1/jobs").bearer_auth(&stranger.key);
    let there = there.header("reliquary-project", project);
    assert_eq!(Answer::of(there.send().await.unwrap()).await.problem(404), "not_found");
    let shown = service.get(owner, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!(shown["status"], "queued", "the stranger cancelled nothing");
}
