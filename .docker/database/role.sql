-- The role that the service connects as: it owns nothing. `casetrail migrate --grant-to casetrail_app` then gives it its rights.
-- May be run again, on a database that is in use as well: a new password holds from then on.
\getenv password POSTGRES_SERVING_PASSWORD
SELECT 'CREATE ROLE casetrail_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'casetrail_app') \gexec
ALTER ROLE casetrail_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
