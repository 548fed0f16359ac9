package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// world is what is in the database before the server starts, as the callers know it.
type world struct {
	database   string // its URL
	master     string // the master key
	project    string
	secret     string
	members    []member
	byPhone    map[string]*member
	sessions   []string // their tokens
	deliveries deliveries

	db   *store.DB
	ring *keys.Ring
	row  *store.Project
}

const (
	tokenLength = 44
	// membersPerOrganization is how many members share the counters of an organization.
	membersPerOrganization = 100
	// loginsPerRound is how many codes each member can redeem in a round.
	loginsPerRound = 6
	// farCeiling is above what any run counts: all counters are written and none refuses.
	farCeiling = 1_000_000_000
	// seedBatch is how many rows are written at once.
	seedBatch = 500
)

// newWorld fills a new database for so many rounds: a live project, organizations, members with verified numbers, their
// started logins, and sessions. It goes through the server's own packages, without its HTTP face.
func newWorld(ctx context.Context, database string, members, sessions, rounds int) (w *world, err error) {
	master, text := keys.NewMaster()
	w = &world{database: database, master: text, byPhone: make(map[string]*member, members)}
	if w.db, err = store.Open(ctx, database, sqldb.Options{}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	if w.ring, err = keys.Open(ctx, w.db, master); err != nil {
		return nil, err
	}
	if err := w.addProject(ctx); err != nil {
		return nil, fmt.Errorf("make the project: %w", err)
	}
	if err := w.addMembers(ctx, members); err != nil {
		return nil, fmt.Errorf("make the members: %w", err)
	}
	if err := w.addLogins(ctx, loginsPerRound*rounds); err != nil {
		return nil, fmt.Errorf("make intermediate sessions: %w", err)
	}
	if err := w.addSessions(ctx, sessions); err != nil {
		return nil, fmt.Errorf("make sessions: %w", err)
	}
	// Calls take the members in the order of this list: not in that of their rows.
	rand.Shuffle(len(w.sessions), func(i, j int) { w.sessions[i], w.sessions[j] = w.sessions[j], w.sessions[i] })
	return w, nil
}

func (w *world) addProject(ctx context.Context) error {
	projects := &project.Service{DB: w.db}
	made, text, err := projects.Create(ctx, ids.Live, "Benchmark")
	if err != nil {
		return err
	}
	w.project, w.secret = made.ID, text.Reveal()
	w.row, err = projects.Update(ctx, made.ID, func(p *project.Project) error {
		p.Settings.Limits = map[string]int64{}
		for name := range limit.Defaults() {
			p.Settings.Limits[name] = farCeiling
		}
		return nil
	})
	return err
}

func (w *world) addMembers(ctx context.Context, n int) error {
	rows, err := w.newMembers(ctx, n)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(rows, seedBatch) {
		err := w.db.Write(ctx, func(tx *store.Tx) error {
			for _, m := range batch {
				if err := addMember(ctx, tx, m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}

	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	w.members = make([]member, n)
	for i, row := range rows {
		m := &w.members[i]
		m.organization, m.id, m.email, m.emailID = row.OrganizationID, row.ID, row.Email, row.EmailID
		m.phone, m.phoneID = row.Phone[1:], row.PhoneID
		w.byPhone[m.phone] = m
	}
	return nil
}

// newMembers makes organizations, and the rows of their members, whose numbers are all different.
func (w *world) newMembers(ctx context.Context, n int) ([]*store.Member, error) {
	organizations := &org.Service{DB: w.db}
	numbers := map[string]bool{}
	rows := make([]*store.Member, n)
	var in *store.Organization
	for i := range rows {
		if i%membersPerOrganization == 0 {
			var err error
			name := fmt.Sprintf("Organization %d", i/membersPerOrganization)
			if in, err = organizations.Create(ctx, w.row, rbac.Caller{}, org.Changes{Name: name}); err != nil {
				return nil, err
			}
		}
		now := w.db.Now()
		number := newNumber()
		for numbers[number] {
			number = newNumber()
		}
		numbers[number] = true
		rows[i] = &store.Member{
			ID: ids.New(ids.Member, ids.Live, now), ProjectID: w.project, OrganizationID: in.ID,
			Status: store.StatusActive, Name: "Member " + strconv.Itoa(i), Email: fmt.Sprintf("m%d@example.com", i),
			EmailID: ids.New(ids.Email, ids.Live, now), EmailVerified: true, MFAEnrolled: true,
			DefaultMFAMethod: store.MethodSMS, Phone: number, PhoneID: ids.New(ids.Phone, ids.Live, now),
			PhoneVerified: true, CreatedAt: now, UpdatedAt: now,
		}
	}
	return rows, nil
}

// newNumber makes a random number that is valid in the United States.
func newNumber() string {
	for {
		text := fmt.Sprintf("+1%d%d", 201+rand.IntN(788), 2_000_000+rand.IntN(8_000_000))
		if n, err := phone.Parse(text); err == nil && n.Region() == "US" {
			return text
		}
	}
}

func addMember(ctx context.Context, tx *store.Tx, m *store.Member) error {
	added, err := tx.InsertMember(ctx, m)
	if err != nil {
		return err
	}
	_, claimed, err := tx.ClaimEmail(ctx, m.OrganizationID, m.ID, m.Email, m.EmailID)
	if err == nil && !(added && claimed) {
		err = errors.New("an id or an address is taken")
	}
	tx.UpdateMember(m) // what InsertMember leaves to the second factor
	return err
}

// addLogins gives each member so many logins that lack the second factor only.
func (w *world) addLogins(ctx context.Context, logins int) error {
	tokens := make([]string, len(w.members))
	for range logins {
		for batch := range chunks(len(w.members), seedBatch) {
			err := w.db.Write(ctx, func(tx *store.Tx) error {
				for i := batch.from; i < batch.to; i++ {
					tokens[i] = w.addLogin(tx, &w.members[i])
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		for i, token := range tokens {
			w.members[i].tokens = append(w.members[i].tokens, token)
		}
	}
	return nil
}

func (w *world) addLogin(tx *store.Tx, m *member) (token string) {
	now := tx.Now()
	id := ids.NewUUID(now)
	text, hash := secret.NewToken(id)
	tx.InsertIntermediate(&store.Intermediate{
		ID: id.String(), ProjectID: w.project, OrganizationID: m.organization, TokenHash: hash, Version: 1,
		Email: m.email, Factors: []store.Factor{m.mailFactor(now)}, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	})
	return text.Reveal()
}

// addSessions makes sessions of the members in turn.
func (w *world) addSessions(ctx context.Context, n int) error {
	w.sessions = make([]string, n)
	for batch := range chunks(n, seedBatch) {
		err := w.db.Write(ctx, func(tx *store.Tx) error {
			for i := batch.from; i < batch.to; i++ {
				w.sessions[i] = w.addSession(tx, &w.members[i%len(w.members)])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) addSession(tx *store.Tx, m *member) string {
	now := tx.Now()
	id := ids.NewUUID(now)
	token, random, version := w.ring.NewSessionToken(w.project, id)
	tx.InsertSession(&store.Session{
		ID: ids.Format(ids.Session, ids.Live, id), ProjectID: w.project, OrganizationID: m.organization, MemberID: m.id,
		Random: random, TokenVersion: version, Version: 1,
		Factors:   []store.Factor{m.mailFactor(now), m.textFactor(now)},
		StartedAt: now, LastAccessedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	})
	return token
}

func (m *member) mailFactor(now time.Time) store.Factor {
	at := store.At(now)
	return store.Factor{
		Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		LastAuthenticatedAt: at, CreatedAt: at, UpdatedAt: at,
		Email: &store.EmailFactor{EmailID: m.emailID, Email: m.email},
	}
}

func (m *member) textFactor(now time.Time) store.Factor {
	at := store.At(now)
	return store.Factor{
		Type: store.FactorOTP, DeliveryMethod: store.DeliverSMS, SequenceOrder: store.Secondary,
		LastAuthenticatedAt: at, CreatedAt: at, UpdatedAt: at,
		Phone: &store.PhoneFactor{PhoneID: m.phoneID, Phone: "+" + m.phone},
	}
}

type span struct{ from, to int }

// chunks cuts 0 to n into spans of up to size.
func chunks(n, size int) func(yield func(span) bool) {
	return func(yield func(span) bool) {
		for from := 0; from < n; from += size {
			if !yield(span{from, min(n, from+size)}) {
				return
			}
		}
	}
}
