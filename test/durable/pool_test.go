package durable

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/world"
)

// With one connection the whole story works, and so do 64 calls of all kinds at once: nobody holds the connection while
// waiting for it.
func TestPoolOfOne(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		w := world.Open(t, url, sqldb.Options{MaxConns: 1})
		c := w.NewProject(t, ids.Live)
		organization := c.NewOrganization(t, "Acme")
		const people = 8
		var sessions, members, tokens [people]string
		for i := range people {
			email := fmt.Sprintf("member%d@example.com", i)
			members[i] = c.NewMember(t, organization, email)
			sessions[i] = w.Story(t, c, organization, members[i], email, fmt.Sprintf("+1202555010%d", i)).At("session_token")
			tokens[i] = w.Login(t, c, organization, email)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				who := i / 8
				method, path, body := mixed(i%8, organization, members[who], sessions[who], tokens[who], i)
				a, err := c.Try(ctx, method, path, body)
				if err != nil || a.Status >= 500 || ctx.Err() != nil {
					t.Errorf("%s %s: %v %+v", method, path, err, a)
				}
			})
		}
		all.Wait()
	})
}

// mixed gives one of eight calls.
func mixed(kind int, organization, member, session, token string, i int) (method, path string, body any) {
	second := world.J{"organization_id": organization, "member_id": member, "intermediate_session_token": token}
	switch kind {
	case 0:
		return "POST", world.CheckSession, world.J{"session_token": session}
	case 1:
		return "POST", world.CheckSession, world.J{"session_token": session, "session_duration_minutes": 30}
	case 2:
		return "POST", world.SendSMS, second
	case 3:
		second["code"] = "000000"
		return "POST", world.AuthenticateSMS, second
	case 4:
		return "POST", world.Organizations, world.J{"organization_name": fmt.Sprintf("Acme %d", i)}
	case 5:
		return "PUT", world.Organizations + "/" + organization + "/members/" + member, world.J{"name": "Ada"}
	case 6:
		return "GET", "/v1/b2b/sessions?organization_id=" + organization + "&member_id=" + member, nil
	}
	return "POST", world.LoginOrSignup, world.J{
		"organization_id": organization, "email_address": fmt.Sprintf("member%d@example.com", i/8),
	}
}
