package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// LinkReport is a provider's report that waits for the message that it is about.
type LinkReport struct {
	Provider   string
	ProviderID string
	MessageID  string // "" while it is not known
	Phone      string // the number that the report names, "" for none
	Status     string // MessageSent, MessageDelivered or MessageUndelivered
	Class      int64  // of a failure: see package sms
	Code       string
	Reason     string
}

// reusedAfter is how old a row is at least that a provider's new text by the same id has nothing to do with: ids of
// small counters come again.
const reusedAfter = time.Hour

const linkReportRead = `provider, provider_id, message_id, phone, status, class, code, reason`

var (
	// A report that came first stays, to be applied, unless it is about an earlier text with that id.
	sqlLinkMessage = sqldb.SQL("link_message", `
		INSERT INTO link_reports (provider, provider_id, message_id, phone, status, class, code, reason, at)
		VALUES ($1, $2, $3, '', '', 0, '', '', $4)
		ON CONFLICT (provider, provider_id) DO UPDATE SET message_id = excluded.message_id, at = excluded.at,
			status = CASE WHEN link_reports.at < $5 THEN '' ELSE link_reports.status END`)

	// A report whose message is known is the caller's to apply, and leaves nothing. Of those that wait the last one
	// counts, but nothing comes after an arrival.
	sqlMeetReport = sqldb.SQL("meet_report", `
		INSERT INTO link_reports (provider, provider_id, message_id, phone, status, class, code, reason, at)
		VALUES ($1, $2, '', $3, $4, $5, $6, $7, $8)
		ON CONFLICT (provider, provider_id) DO UPDATE SET
			status = CASE WHEN link_reports.message_id <> '' THEN ''
				WHEN link_reports.status = 'delivered' THEN link_reports.status ELSE excluded.status END,
			phone = excluded.phone, class = excluded.class, code = excluded.code, reason = excluded.reason,
			at = CASE WHEN link_reports.message_id <> '' THEN link_reports.at ELSE excluded.at END
		RETURNING message_id`)

	sqlDueLinkReports = sqldb.SQL("due_link_reports", `
		SELECT `+linkReportRead+` FROM link_reports WHERE status <> '' AND message_id <> '' AND at > 0
		ORDER BY at LIMIT $1`)

	sqlEndLinkReport = sqldb.SQL("end_link_report", `
		UPDATE link_reports SET status = '' WHERE provider = $1 AND provider_id = $2 AND message_id = $3`)

	// The guard is said twice, see claim_messages.
	sqlStrayReport = sqldb.SQL("stray_report", `
		UPDATE link_reports SET message_id = $3
		WHERE provider = $2 AND provider_id IN (SELECT provider_id FROM link_reports
				WHERE phone = $1 AND provider = $2 AND status <> '' AND message_id = '' AND at >= $4 ORDER BY at DESC LIMIT 1)
			AND status <> '' AND message_id = ''
		RETURNING `+linkReportRead)
)

// LinkMessage notes what a provider calls a message that it took. A report that came before waits for DueLinkReports.
func (tx *Tx) LinkMessage(provider, providerID, messageID string) {
	tx.Later(sqlLinkMessage, -1, provider, providerID, messageID, micros(tx.Now()), micros(tx.Now().Add(-reusedAfter)))
}

// MeetReport gives our id of the message that a report is about. It is "" while that is not known: then the report is
// kept until LinkMessage names the message.
func (tx *Tx) MeetReport(ctx context.Context, r LinkReport) (messageID string, err error) {
	err = tx.QueryRow(ctx, sqlMeetReport, []any{
		r.Provider, r.ProviderID, r.Phone, r.Status, r.Class, r.Code, r.Reason, micros(tx.Now()),
	}, &messageID)
	return messageID, err
}

// DueLinkReports gives up to limit reports that came before their messages were known, and whose messages are known
// now.
func (tx *Tx) DueLinkReports(ctx context.Context, limit int) ([]LinkReport, error) {
	var all []LinkReport
	err := tx.Query(ctx, sqlDueLinkReports, []any{limit}, func(scan func(...any) error) error {
		var r LinkReport
		err := scan(r.fields()...)
		all = append(all, r)
		return err
	})
	return all, err
}

// EndLinkReport notes that such a report was applied.
func (tx *Tx) EndLinkReport(r LinkReport) {
	tx.Later(sqlEndLinkReport, -1, r.Provider, r.ProviderID, r.MessageID)
}

// StrayReport takes the last report that names the number and is about no message that is known, if it came since the
// time given, for the message. It gives ErrNotFound when there is none. EndLinkReport notes that it was applied.
func (tx *Tx) StrayReport(
	ctx context.Context, provider, phone, messageID string, since time.Time,
) (r LinkReport, err error) {
	err = tx.QueryRow(ctx, sqlStrayReport, []any{phone, provider, messageID, micros(since)}, r.fields()...)
	return r, err
}

func (r *LinkReport) fields() []any {
	return []any{&r.Provider, &r.ProviderID, &r.MessageID, &r.Phone, &r.Status, &r.Class, &r.Code, &r.Reason}
}
