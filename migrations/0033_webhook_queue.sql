-- What is due, endpoint by endpoint: a lease takes a few of each, however many wait.

CREATE INDEX webhook_deliveries_due_of_endpoint ON webhook_deliveries (endpoint_id, due_at, position) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (endpoint_id) WHERE state = 'pending' AND lease_until IS NOT NULL;
DROP INDEX webhook_deliveries_due;
