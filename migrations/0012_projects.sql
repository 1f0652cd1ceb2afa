-- Projects: what an organisation (a customer's account) keeps apart. Money stays with the organisation.

CREATE TABLE projects (
    -- the default project of an organisation has the organisation's id
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES accounts,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- from here on its keys open nothing
    archived_at timestamptz,
    -- what rows of a project refer to: nothing can name a project of another organisation
    UNIQUE (id, account_id)
);
CREATE INDEX projects_by_account ON projects (account_id, id);
COMMENT ON TABLE projects IS 'What an organisation keeps apart: jobs, reward functions, keys. Customer rows are found by project, money by account.';

INSERT INTO projects (id, account_id, name, created_at)
SELECT id, id, 'default', created_at FROM accounts WHERE kind = 'customer';

ALTER TABLE jobs ADD COLUMN project_id uuid;
UPDATE jobs SET project_id = account_id;
ALTER TABLE jobs
    ALTER COLUMN project_id SET NOT NULL,
    ADD CONSTRAINT jobs_of_projects FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id);
CREATE INDEX jobs_by_project ON jobs (project_id, id);
DROP INDEX jobs_by_account;

ALTER TABLE reward_functions ADD COLUMN project_id uuid;
UPDATE reward_functions SET project_id = account_id;
ALTER TABLE reward_functions
    ALTER COLUMN project_id SET NOT NULL,
    ADD CONSTRAINT reward_functions_of_projects
        FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id);
CREATE INDEX reward_functions_by_project ON reward_functions (project_id, id);
DROP INDEX reward_functions_by_account;

ALTER TABLE idempotency_keys ADD COLUMN project_id uuid REFERENCES projects;
UPDATE idempotency_keys SET project_id = account_id;
ALTER TABLE idempotency_keys
    DROP CONSTRAINT idempotency_keys_pkey,
    DROP COLUMN account_id,
    ADD PRIMARY KEY (project_id, operation, key);

ALTER TABLE api_keys ADD COLUMN project_id uuid;
UPDATE api_keys SET project_id = account_id;
ALTER TABLE api_keys
    -- the project that it acts in
    ALTER COLUMN project_id SET NOT NULL,
    ADD CONSTRAINT api_keys_of_projects FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id);
