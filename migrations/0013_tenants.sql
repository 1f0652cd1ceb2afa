-- The second wall: what the gateway does for a tenant it does as a role that sees the tenant's rows and no others, so that
-- a query which forgets its WHERE shows nobody else's. Workers stay the owner of the tables, who sees all.

-- The role belongs to the cluster, not to this database: others may have made it, or make it right now.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'reliquary_tenant') THEN
        BEGIN
            CREATE ROLE reliquary_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_roles
               WHERE rolname = 'reliquary_tenant' AND (rolsuper OR rolbypassrls OR rolcanlogin)) THEN
        RAISE EXCEPTION 'the role reliquary_tenant must be NOLOGIN NOSUPERUSER NOBYPASSRLS';
    END IF;
    -- the gateway's own role must be able to become it; a superuser is
    IF current_setting('server_version_num')::int >= 160000 THEN
        IF NOT pg_has_role(current_user, 'reliquary_tenant', 'SET') THEN
            GRANT reliquary_tenant TO CURRENT_USER;
        END IF;
    ELSIF NOT pg_has_role(current_user, 'reliquary_tenant', 'MEMBER') THEN
        GRANT reliquary_tenant TO CURRENT_USER;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO reliquary_tenant', current_schema());
END $$;

-- Whose rows are seen: set for one transaction when it begins. NULL, and so nobody's, when it is not set.
CREATE FUNCTION tenant_account() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT NULLIF(current_setting('reliquary.account', true), '')::uuid
$$;
-- An archived project is nobody's.
CREATE FUNCTION tenant_project() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT id FROM projects
    WHERE id = NULLIF(current_setting('reliquary.project', true), '')::uuid
        AND account_id = tenant_account() AND archived_at IS NULL
$$;

-- For migrations: puts a table behind the wall. `by` says how a row is known to be a tenant's: by its column project_id or
-- account_id, by the job, group or reward function that it names, or 'everyone' for what all may read.
CREATE FUNCTION behind_wall(behind regclass, by text, may text DEFAULT 'SELECT, INSERT, UPDATE, DELETE')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    rule text := CASE by
        WHEN 'project' THEN 'project_id = (SELECT tenant_project())'
        WHEN 'account' THEN 'account_id = (SELECT tenant_account())'
        -- the rules of the other table hold inside
        WHEN 'job' THEN format('EXISTS (SELECT 1 FROM jobs its WHERE its.id = %s.job_id)', behind)
        WHEN 'group' THEN format('EXISTS (SELECT 1 FROM groups its WHERE its.id = %s.group_id)', behind)
        WHEN 'function' THEN format('EXISTS (SELECT 1 FROM reward_functions its WHERE its.id = %s.function_id)', behind)
        WHEN 'everyone' THEN 'true'
    END;
BEGIN
    IF rule IS NULL THEN
        RAISE EXCEPTION 'no rule %', by;
    END IF;
    IF by = 'everyone' THEN
        may := 'SELECT';
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', behind);
    EXECUTE format('CREATE POLICY tenants ON %s TO reliquary_tenant USING (%s) WITH CHECK (%s)', behind, rule, rule);
    EXECUTE format('GRANT %s ON %s TO reliquary_tenant', may, behind);
END $$;
REVOKE EXECUTE ON FUNCTION behind_wall FROM PUBLIC;

SELECT behind_wall('projects', 'account', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('api_keys', 'account', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('holds', 'account', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('ledger_entries', 'account', 'SELECT, INSERT');
SELECT behind_wall('idempotency_keys', 'project');
SELECT behind_wall('jobs', 'project');
SELECT behind_wall('prompts', 'job');
SELECT behind_wall('groups', 'job');
SELECT behind_wall('rollouts', 'job');
SELECT behind_wall('events', 'job', 'SELECT, INSERT');
SELECT behind_wall('attempts', 'group');
SELECT behind_wall('reward_functions', 'project');
SELECT behind_wall('reward_versions', 'function');
SELECT behind_wall('reward_uploads', 'function');
SELECT behind_wall('checkpoints', 'everyone');
SELECT behind_wall('builtin_rewards', 'everyone');

-- money: one's own account, of which one promises what one has
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON accounts TO reliquary_tenant
    USING (id = (SELECT tenant_account())) WITH CHECK (id = (SELECT tenant_account()));
GRANT SELECT, UPDATE (held) ON accounts TO reliquary_tenant;

-- modules are stored once by content: seen by whoever has a version with it, and by all where it is the service's own
ALTER TABLE reward_modules ADD COLUMN is_builtin boolean NOT NULL DEFAULT false;
UPDATE reward_modules m SET is_builtin = true
WHERE NOT EXISTS (SELECT 1 FROM reward_versions v WHERE v.component_sha256 = m.component_sha256)
    OR EXISTS (SELECT 1 FROM builtin_rewards b WHERE b.component_sha256 = m.component_sha256);
CREATE INDEX reward_versions_by_component ON reward_versions (component_sha256);
ALTER TABLE reward_modules ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON reward_modules FOR SELECT TO reliquary_tenant
    USING (is_builtin OR EXISTS (SELECT 1 FROM reward_versions v WHERE v.component_sha256 = reward_modules.component_sha256));
GRANT SELECT ON reward_modules TO reliquary_tenant;
