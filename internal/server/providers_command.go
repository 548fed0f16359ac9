package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/learn"
	"github.com/thimble-auth/thimble/internal/store"
)

type providersCommand struct {
	storage
	Hours int  `name:"hours" default:"24" placeholder:"N" help:"How far to look back, 1 to 2160."`
	JSON  bool `name:"json" help:"Answer in JSON."`
}

// Help is shown below the summary.
func (providersCommand) Help() string {
	return `For each provider and country: the texts that it took; those it did not take, lost, or never reported on, so that they
went another way; of those taken, how many arrived as far as is known, and of how many the code was used. A provider
whose codes are rarely used delivers badly there, or the texts go to people who did not ask for them. Texts are
counted six minutes after they were asked for, those of test projects never.

With sms_learning: true, the server prefers the better ones by itself. Examples:

    thimble providers
    thimble providers --hours 168 --json`
}

// providerView is a provider in a country as people and scripts see it.
type providerView struct {
	Provider  string `json:"provider"`
	Country   string `json:"country"`
	Taken     int64  `json:"taken"`
	Missed    int64  `json:"missed"`
	Delivered int64  `json:"delivered"`
	Redeemed  int64  `json:"redeemed"`
}

// Run shows the results.
func (c *providersCommand) Run(r *runner) error {
	if c.Hours < 1 || c.Hours > 2160 {
		return errors.New("--hours must be from 1 to 2160")
	}
	db, err := c.open(r)
	if err != nil {
		return err
	}
	results, err := learn.Results(r.ctx, db, db.Now().Add(-time.Duration(c.Hours)*time.Hour))
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	views := make([]providerView, len(results))
	for i, p := range results {
		views[i] = providerView(p)
	}
	if c.JSON {
		return r.json(map[string]any{"providers": views})
	}
	if len(views) == 0 {
		r.printf("No text of a live project was counted in that time.\n")
		return nil
	}
	r.printf("%-18s %-7s %8s %8s %10s %10s\n", "provider", "country", "taken", "missed", "delivered", "redeemed")
	for _, p := range results {
		r.printf("%-18s %-7s %8d %8d %10s %10s\n", p.Provider, p.Country, p.Taken, p.Missed, share(p.Delivered, p), share(p.Redeemed, p))
	}
	return nil
}

// share writes a part of the texts that a provider took in percent.
func share(n int64, of store.ProviderResult) string {
	if of.Taken == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of.Taken))
}
