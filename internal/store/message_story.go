package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Attempt is a call of a provider that did not take a message.
type Attempt struct {
	MessageID string
	N         int64 // counts the calls for the message from 1
	Provider  string
	Class     string // what kind of refusal it was: see package sms
	Code      string // the provider's own
	Reason    string // in our words
	At        time.Time
}

// storySpan is how long after its request a message or audit event can have been written.
const storySpan = 5 * time.Minute

var (
	sqlInsertAttempt = sqldb.SQL("insert_attempt", `
		INSERT INTO message_attempts (message_id, n, provider, class, code, reason, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`)

	sqlAttempts = sqldb.SQL("attempts", `
		SELECT message_id, n, provider, class, code, reason, at FROM message_attempts WHERE message_id = $1 ORDER BY n`)

	sqlAttemptsBetween = sqldb.SQL("attempts_between", `
		SELECT message_id, n, provider, class, code, reason, at FROM message_attempts
		WHERE message_id >= $1 AND message_id <= $2 ORDER BY message_id, n`)

	sqlReapAttempts = sqldb.SQL("reap_attempts", `
		DELETE FROM message_attempts WHERE (message_id, n) IN (
			SELECT old.message_id, old.n FROM message_attempts AS old WHERE old.message_id >= $1 AND old.message_id < $2
			ORDER BY old.message_id, old.n LIMIT $3)`)

	// The first call is counted with its outcome where nobody looked at the row before it.
	sqlCountAttempts = sqldb.SQL("count_attempts", `UPDATE messages SET attempts = $2 WHERE id = $1 AND attempts < $2`)

	// What a message of a test project says stays in the inbox.
	sqlMessageRedeemed = sqldb.SQL("message_redeemed", `
		UPDATE messages SET redeemed_at = $2, reroute_at = 0,
			sealed = CASE WHEN reroute_at > 0 THEN `+forget3+` ELSE sealed END
		WHERE id = $1 AND redeemed_at = 0`)

	// Ids are ordered by time, so that a request's rows lie in a short stretch behind its own time: no index is needed.
	sqlMessagesOfRequest = sqldb.SQL("messages_of_request", `
		SELECT `+messageRead+` FROM messages WHERE id >= $1 AND id < $2 AND request_id = $3 ORDER BY id LIMIT 20`)

	sqlAuditEventsOfRequest = sqldb.SQL("audit_events_of_request", `
		SELECT `+auditColumns+` FROM audit_events WHERE id >= $1 AND id < $2 AND request_id = $3 ORDER BY id LIMIT 50`)
)

// AddAttempt notes a call that did not hand the message over, and that the message has had so many. It goes out with the
// statements after it; written twice, it counts once.
func (tx *Tx) AddAttempt(a Attempt) {
	tx.Later(sqlCountAttempts, -1, a.MessageID, a.N)
	tx.Later(sqlInsertAttempt, -1, a.MessageID, a.N, a.Provider, a.Class, a.Code, a.Reason, micros(tx.Now()))
}

// Attempts gives the calls that did not hand the message over, in their order.
func (tx *Tx) Attempts(ctx context.Context, messageID string) ([]Attempt, error) {
	return tx.attempts(ctx, sqlAttempts, messageID)
}

// AttemptsBetween gives those of all messages from the first id to the last, both included, by message.
func (tx *Tx) AttemptsBetween(ctx context.Context, first, last string) (map[string][]Attempt, error) {
	all, err := tx.attempts(ctx, sqlAttemptsBetween, first, last)
	of := map[string][]Attempt{}
	for _, a := range all {
		of[a.MessageID] = append(of[a.MessageID], a)
	}
	return of, err
}

func (tx *Tx) attempts(ctx context.Context, s *sqldb.Stmt, args ...any) ([]Attempt, error) {
	var all []Attempt
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var a Attempt
		var at int64
		err := scan(&a.MessageID, &a.N, &a.Provider, &a.Class, &a.Code, &a.Reason, &at)
		a.At = fromMicros(at)
		all = append(all, a)
		return err
	})
	return all, err
}

// MessageRedeemed notes that the code in the message was used, and forgets what was kept for another
// provider. It goes out with the statements after it.
func (tx *Tx) MessageRedeemed(id string) {
	tx.Later(sqlMessageRedeemed, -1, id, micros(tx.Now()), []byte{})
}

// OfRequest gives the messages and audit events that a request wrote, up to 20 and 50 of them.
func (tx *Tx) OfRequest(ctx context.Context, requestID string) ([]*Message, []AuditEvent, error) {
	_, env, u, ok := ids.Parse(requestID)
	if !ok {
		return nil, nil, ErrNotFound
	}
	from := u.Time().Add(-2 * time.Second) // clocks of two nodes, and ids up to a second ahead of theirs: see ids.NewUUID
	first, last := smallestUUID(from), smallestUUID(u.Time().Add(storySpan))
	prefix := ids.Message + "-" + string(env) + "-"

	messages, err := tx.messages(ctx, sqlMessagesOfRequest, prefix+first, prefix+last, requestID)
	if err != nil {
		return nil, nil, err
	}
	events, err := tx.auditEvents(ctx, sqlAuditEventsOfRequest, first, last, requestID)
	return messages, events, err
}
