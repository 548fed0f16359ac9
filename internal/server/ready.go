package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/store"
)

// readyTimeout bounds the questions that readiness asks.
const readyTimeout = 2 * time.Second

// readiness is the answer of /readyz.
type readiness struct {
	// Status is ready or not_ready.
	Status string `json:"status"`
	// Problems are why no request should come here.
	Problems []string `json:"problems"`
	// Warnings are what some requests will be refused for, on every node: a live project whose texts nobody carries, for
	// one. They do not make the node unready, since the other projects go on.
	Warnings []string `json:"warnings"`
}

// probes are the pages that supervisors and load balancers ask.
func (a *App) probes() []endpoint.Mount {
	return []endpoint.Mount{
		{Pattern: "GET /healthz", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
		})},
		{Pattern: "GET /readyz", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ready, status := a.ready(r.Context()), http.StatusOK
			if len(ready.Problems) > 0 {
				ready.Status, status = "not_ready", http.StatusServiceUnavailable
			}
			writeJSON(w, status, ready)
		})},
	}
}

// ready asks the database, the clock, the key ring and the providers. Causes go to the log: they may name hosts.
func (a *App) ready(ctx context.Context) readiness {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	r := readiness{Status: "ready", Problems: []string{}, Warnings: []string{}}
	problem := func(what string, err error) {
		if err != nil {
			a.log.WarnContext(ctx, "not ready", "problem", what, "error", err)
			r.Problems = append(r.Problems, what)
		}
	}

	problem("the database does not answer", a.DB.Ping(ctx))
	problem("the clock cannot be trusted: it is unknown or jumped against the database's", a.DB.ClockErr())
	problem("the key ring could not be read", a.Keys.Err())
	problem("the settings of a provider are wrong", a.Notify.Check())
	if len(r.Problems) == 0 {
		warnings, err := a.unrouted(ctx)
		problem("the projects could not be read", err)
		r.Warnings = append(r.Warnings, warnings...)
	}
	return r
}

// unrouted lists what live projects cannot send because no provider is set up for it.
func (a *App) unrouted(ctx context.Context) ([]string, error) {
	projects, err := a.Projects.List(ctx)
	if err != nil {
		return nil, err
	}
	var warnings []string
	for _, p := range projects {
		if !p.Live() {
			continue
		}
		missing := slices.DeleteFunc(guard.OpenCountries(&p.Settings), func(cc string) bool {
			_, ok := a.Notify.Route(p, store.ChannelSMS, cc, "")
			return ok
		})
		if len(missing) > 0 {
			warnings = append(warnings, p.ID+": no provider carries texts to "+strings.Join(missing, ", "))
		}
		if _, ok := a.Notify.Route(p, store.ChannelEmail, "", ""); !ok {
			warnings = append(warnings, p.ID+": no mail server is set up")
		}
	}
	return warnings, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
