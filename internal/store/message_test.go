package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

func write(t *testing.T, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func insertMessage(tx *store.Tx, change func(m *store.Message)) *store.Message {
	now := tx.Now()
	m := &store.Message{
		ProjectID: "project-live-1", OrganizationID: "organization-live-1", MemberID: "member-live-1",
		RequestID: "request-id-live-1", Channel: store.ChannelSMS, Kind: store.KindSMSOTP, Recipient: "+12025550162",
		Country: "US", Locale: "en", LinkID: "", Sealed: []byte{1, 2, 3}, Segments: 1, Decision: "allowed",
		Status: store.MessageQueued, Reason: "", Provider: "twilio", ProviderID: "", LeaseOwner: "me",
		LeasedUntil: now.Add(time.Minute), Deadline: now.Add(time.Hour), CreatedAt: now, UpdatedAt: now,
	}
	change(m)
	tx.InsertMessage(m)
	return m
}

func TestMessageKeepsEveryField(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		var want *store.Message
		write(t, db, func(tx *store.Tx) error {
			want = insertMessage(tx, func(m *store.Message) {
				m.ID, m.LinkID, m.Reason, m.ProviderID, m.Attempts = "message-live-1", "link", "reason", "SM1", 7
			})
			return nil
		})
		var got *store.Message
		err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
			got, err = tx.Message(t.Context(), want.ID)
			return err
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// The last look, alone and with others: what may leave is renewed, what is not worth sending any more is ended, what is
// another's or done stays as it is.
func TestRenewLeases(t *testing.T) {
	t.Parallel()
	code := func(state string) func(tx *store.Tx, m *store.Message) error {
		return func(tx *store.Tx, m *store.Message) error {
			id := m.ID
			if state == "newer" {
				id = "message-live-newer"
			}
			tx.IssueCode(&store.Code{
				Owner: m.MemberID, Purpose: store.PurposeSMS, MessageID: id, ExpiresAt: m.Deadline, Hash: "hash",
			})
			if state == "killed" {
				tx.KillCodes(m.MemberID, store.PurposeSMS)
			}
			return nil
		}
	}
	link := func(used bool) func(tx *store.Tx, m *store.Message) error {
		return func(tx *store.Tx, m *store.Message) error {
			tx.InsertMagicLink(&store.MagicLink{ID: m.LinkID, TokenHash: []byte{}, ExpiresAt: m.Deadline})
			if !used {
				return nil
			}
			_, err := tx.SpendMagicLink(context.Background(), m.LinkID)
			return err
		}
	}
	mail := func(m *store.Message) {
		m.Channel, m.Kind, m.LinkID = store.ChannelEmail, store.KindMagicLinkLogin, "link-"+m.ID
	}
	mailCode := func(messageID string) func(tx *store.Tx, m *store.Message) error {
		return func(tx *store.Tx, m *store.Message) error {
			id := m.ID
			if messageID != "" {
				id = messageID
			}
			tx.IssueCode(&store.Code{
				Owner: store.AddressOwner(m.ProjectID, m.Recipient), Purpose: store.PurposeEmail, ExpiresAt: m.Deadline,
				MessageID: id, Hash: "hash",
			})
			return nil
		}
	}
	coded := func(address, kind string) func(m *store.Message) {
		return func(m *store.Message) {
			m.Channel, m.Kind, m.Recipient = store.ChannelEmail, kind, address+m.ID+"@example.com"
		}
	}
	gone := func(tx *store.Tx, m *store.Message) error {
		p := &store.Project{ID: "project of " + m.ID, CreatedAt: tx.Now()}
		if _, err := tx.InsertProject(context.Background(), p); err != nil {
			return err
		}
		deleted := &store.Member{ID: m.MemberID, OrganizationID: "organization of " + m.ID, CreatedAt: tx.Now()}
		o := &store.Organization{ID: deleted.OrganizationID, ProjectID: p.ID, Slug: m.ID, CreatedAt: tx.Now()}
		if _, err := tx.InsertOrganization(context.Background(), o); err != nil {
			return err
		}
		if _, err := tx.InsertMember(context.Background(), deleted); err != nil {
			return err
		}
		deleted.DeletedAt = tx.Now()
		tx.UpdateMember(deleted)
		return link(false)(tx, m)
	}
	tests := []struct {
		name   string
		change func(m *store.Message)
		with   func(tx *store.Tx, m *store.Message) error
		ok     bool
		status string
		reason string
	}{
		{"live code", nil, code("live"), true, store.MessageQueued, ""},
		{"newer code", nil, code("newer"), false, store.MessageExpired, store.ReasonReplaced},
		{"killed code", nil, code("killed"), false, store.MessageExpired, store.ReasonReplaced},
		{"good link", mail, link(false), true, store.MessageQueued, ""},
		{"used link", mail, link(true), false, store.MessageExpired, store.ReasonReplaced},
		{"good link of a member who is gone", mail, gone, false, store.MessageExpired, store.ReasonReplaced},
		{"live code by mail", coded("a", store.KindEmailOTPLogin), mailCode(""), true, store.MessageQueued, ""},
		{"live code for signup", coded("b", store.KindEmailOTPSignup), mailCode(""), true, store.MessageQueued, ""},
		{"live code for discovery", coded("c", store.KindEmailOTPDiscovery), mailCode(""), true, store.MessageQueued, ""},
		{
			"newer code by mail", coded("d", store.KindEmailOTPLogin), mailCode("message-live-newer"),
			false, store.MessageExpired, store.ReasonReplaced,
		},
		{
			"after the deadline", func(m *store.Message) { m.Deadline = m.CreatedAt }, code("live"), false,
			store.MessageExpired, store.ReasonDeadline,
		},
		{"another's", func(m *store.Message) { m.LeaseOwner = "other" }, code("live"), false, store.MessageQueued, ""},
		{"nobody's", func(m *store.Message) { m.LeaseOwner = "" }, code("live"), false, store.MessageQueued, ""},
		{"sent", func(m *store.Message) { m.Status = store.MessageSent }, code("live"), false, store.MessageSent, ""},
	}
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		for _, together := range []bool{false, true} {
			var ids, may []string
			for i, test := range tests {
				write(t, db, func(tx *store.Tx) error {
					m := insertMessage(tx, func(m *store.Message) {
						m.ID = fmt.Sprintf("message-live-%v-%02d", together, i)
						m.MemberID = "member of " + m.ID
						if test.change != nil {
							test.change(m)
						}
					})
					ids = append(ids, m.ID)
					return test.with(tx, m)
				})
			}
			renew := func(ids []string) {
				write(t, db, func(tx *store.Tx) error {
					return tx.RenewLeases(t.Context(), "me", tx.Now().Add(time.Hour), ids, func(id string) { may = append(may, id) })
				})
			}
			if together {
				renew(ids)
			} else {
				for i := range ids {
					renew(ids[i : i+1])
				}
			}
			for i, test := range tests {
				row := message(t, db, ids[i])
				if ok := slices.Contains(may, ids[i]); ok != test.ok || row.Status != test.status || row.Reason != test.reason {
					t.Errorf("%s, together %v: may leave %v, is %s (%q); want %v, %s (%q)", test.name, together, ok, row.Status,
						row.Reason, test.ok, test.status, test.reason)
				}
				if ended := row.Status == store.MessageExpired; ended != (len(row.Sealed) == 0) {
					t.Errorf("%s: is %s with %d sealed bytes", test.name, row.Status, len(row.Sealed))
				}
				if (row.Attempts == 1) != test.ok {
					t.Errorf("%s: %d attempts", test.name, row.Attempts)
				}
			}
		}
	})
}

func message(t *testing.T, db *store.DB, id string) *store.Message {
	t.Helper()
	var m *store.Message
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		m, err = tx.Message(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Many nodes claim at once: each message becomes one node's, and none is left.
func TestClaimRace(t *testing.T) {
	t.Parallel()
	const messages, nodes = 200, 16
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			for i := range messages {
				insertMessage(tx, func(m *store.Message) {
					m.ID, m.LeaseOwner, m.LeasedUntil = fmt.Sprintf("message-live-%03d", i), "dead", tx.Now()
				})
			}
			return nil
		})
		var mu sync.Mutex
		owners := map[string][]string{}
		var all sync.WaitGroup
		for n := range nodes {
			all.Go(func() {
				for {
					var claimed []*store.Message
					err := db.Write(t.Context(), func(tx *store.Tx) (err error) {
						claimed, err = tx.ClaimMessages(t.Context(), false, fmt.Sprint("node-", n), tx.Now().Add(time.Hour), 7)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, m := range claimed {
						owners[m.ID] = append(owners[m.ID], m.LeaseOwner)
					}
					n := len(owners)
					mu.Unlock()
					if n == messages {
						return
					}
				}
			})
		}
		all.Wait()
		for id, who := range owners {
			if len(who) != 1 {
				t.Errorf("%s was claimed by %v", id, who)
			}
		}
	})
}
