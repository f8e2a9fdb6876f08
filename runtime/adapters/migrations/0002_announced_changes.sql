-- Every change is announced to the workers that keep entries in memory: "revision namespace key", at most 337 bytes. A
-- trigger announces the changes of every release, also while two of them run side by side. NOTIFY lets one transaction
-- commit at a time; changes already do, by the lock on last_revision.
CREATE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('entries', NEW.revision || ' ' || NEW.namespace || ' ' || NEW.key);
    RETURN NULL;
END
$$;

CREATE TRIGGER events_are_announced AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION announce_change();
