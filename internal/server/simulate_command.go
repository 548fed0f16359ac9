package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/simulate"
	"github.com/thimble-auth/thimble/internal/store"
)

type simulateCommand struct {
	Traffic []string `arg:"" optional:"" name:"traffic" help:"What asks for texts, such as prefixes and logins: see below."`

	Requests int64  `name:"requests" placeholder:"N" help:"Requests of each attack that counts them."`
	Logins   int64  `name:"logins" placeholder:"N" help:"Logins of people."`
	Days     int    `name:"days" placeholder:"N" help:"How long it lasts, or how far --recorded goes back. Without it, 5 or 30."`
	Seed     uint64 `name:"seed" default:"1" placeholder:"N" help:"The same seed gives the same run. Default: 1."`
	Prices   string `name:"prices" placeholder:"FILE" type:"existingfile" help:"What texts cost, as for the server's sms_prices."`
	Policy   string `name:"policy" placeholder:"FILE" type:"existingfile" help:"Settings in YAML or JSON; flags go first."`
	Recorded bool   `name:"recorded" help:"Decide again what a project decided, with changed settings."`
	Project  string `name:"project" placeholder:"ID" help:"The project, with --recorded."`
	Figures  bool   `name:"figures" help:"Measure the figures that the fraud guard promises."`
	JSON     bool   `name:"json" help:"Answer in JSON."`
	SVG      string `name:"svg" placeholder:"FILE" help:"Draw a plot of it into a file."`

	sealed
	settingFlags `group:"Settings, as of thimble project set:"`
}

// Help is shown below the summary.
func (simulateCommand) Help() string {
	return `Shows what a policy would do, before anybody pays for finding out: made-up traffic asks the fraud guard for texts, by
a clock of its own and over a database that is thrown away. No text leaves, and nothing of the server is touched.

Name one or more kinds of traffic, with parameters behind a colon where the defaults do not fit. An attack is stopped
when it gets few texts; people are hurt when one of them is refused a text.

` + simulate.Manual() + `
With --recorded the texts and refusals of a project are decided again, which shows what a change of its settings
would have done to them; it only reads, and works beside a running server.

Examples:

    thimble simulate prefixes logins --requests 1000000 --days 5 --svg plot.svg
    thimble simulate prefixes:prefixes=400,conversion=0.05 logins --limit prefix_hour=20
    thimble simulate low-and-slow logins --countries US,CA,GB --policy stricter.yaml --json
    thimble simulate --recorded --project PROJECT --days 30 --limit number_day=5
    thimble simulate --figures`
}

// Run simulates.
func (c *simulateCommand) Run(r *runner) error {
	if c.Days < 0 {
		return fmt.Errorf("--days must be from 1 to %d", simulate.MaxDays)
	}
	if most := int64(simulate.MaxRequests); c.Requests < 0 || c.Requests > most || c.Logins < 0 || c.Logins > most {
		return fmt.Errorf("--requests and --logins must be from 1 to %d", most)
	}
	switch {
	case c.Recorded && c.Days > simulate.MaxRecorded:
		return fmt.Errorf("the days must be from 1 to %d: that long decisions are kept", simulate.MaxRecorded)
	case c.Recorded && (c.Project == "" || len(c.Traffic) > 0 || c.SVG != "" || c.Figures):
		return errors.New("--recorded needs --project, and goes with no made-up traffic, --svg or --figures")
	case c.Project != "" && !c.Recorded:
		return errors.New("--project goes with --recorded")
	case c.Figures && len(c.Traffic) > 0:
		return errors.New("--figures brings its own traffic")
	case c.Recorded:
		return c.replay(r)
	case c.Figures:
		return c.figures(r)
	}
	return c.simulate(r)
}

func (c *simulateCommand) simulate(r *runner) error {
	prices, err := price.Open(c.Prices)
	if err != nil {
		return err
	}
	o := simulate.Options{Days: c.Days, Seed: c.Seed, Prices: prices, Progress: r.progress("requests")}
	if err := c.settings(&o.Settings); err != nil {
		return err
	}
	for _, text := range c.Traffic {
		s, err := simulate.Parse(text, simulate.General{Requests: c.Requests, Logins: c.Logins})
		if err != nil {
			return err
		}
		o.Shapes = append(o.Shapes, s)
	}

	began := time.Now()
	report, err := simulate.Run(r.ctx, o)
	if err != nil {
		return err
	}
	report.WallSeconds = math.Round(time.Since(began).Seconds()*10) / 10
	if c.SVG != "" {
		if err := os.WriteFile(c.SVG, []byte(report.SVG()), 0o644); err != nil { //nolint:gosec // a plot is no secret
			return fmt.Errorf("write the plot: %w", err)
		}
	}
	if c.JSON {
		return r.json(report)
	}
	r.printf("%s", report.Text())
	return nil
}

func (c *simulateCommand) replay(r *runner) error {
	prices, err := price.Open(c.Prices)
	if err != nil {
		return err
	}
	db, ring, err := c.open(r)
	if err != nil {
		return err
	}
	preview, err := func() (*simulate.Preview, error) {
		p, err := (&project.Service{DB: db}).Get(r.ctx, c.Project)
		if err != nil {
			return nil, err
		}
		o := simulate.Recorded{
			DB: db, Keys: ring, Project: p, Settings: p.Settings, Days: c.Days, Prices: prices,
		}
		if o.Days == 0 {
			o.Days = recordedDays
		}
		if err := c.settings(&o.Settings); err != nil {
			return nil, err
		}
		progress := r.progress("decisions")
		o.Progress = func(done int64) { progress(done, 0) }
		return simulate.Replay(r.ctx, o)
	}()
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if c.JSON {
		return r.json(preview)
	}
	r.printf("%s", preview.Text())
	return nil
}

// recordedDays is how far a replay goes back, unless it is said.
const recordedDays = 30

func (c *simulateCommand) figures(r *runner) error {
	figures, err := simulate.Figures(r.ctx, simulate.FigureOptions{
		Requests: c.Requests, Logins: c.Logins, Seed: c.Seed, Now: time.Now, Progress: r.progress("requests"),
	})
	if err != nil {
		return err
	}
	missed := 0
	for _, f := range figures {
		if !f.Met {
			missed++
		}
	}
	if c.JSON {
		err = r.json(map[string]any{"figures": figures})
	} else {
		r.printf("%s", simulate.FiguresText(figures))
	}
	if err == nil && missed > 0 {
		return fmt.Errorf("%d of %d figures are missed", missed, len(figures))
	}
	return err
}

// settings changes a policy by the file and then by the flags.
func (c *simulateCommand) settings(s *store.ProjectSettings) error {
	if c.Policy != "" {
		text, err := os.ReadFile(c.Policy)
		if err != nil {
			return fmt.Errorf("read the policy: %w", err)
		}
		if err := readPolicy(text, s); err != nil {
			return fmt.Errorf("%s: %w", c.Policy, err)
		}
	}
	p := &project.Project{Settings: *s}
	if err := (&projectSet{settingFlags: c.settingFlags}).apply(p); err != nil {
		return err
	}
	*s = p.Settings
	return nil
}

// readPolicy reads settings by the names under which thimble project list --json shows them. What is not named stays.
func readPolicy(text []byte, s *store.ProjectSettings) error {
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil { // JSON is YAML
		return err
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	return d.Decode(s)
}

// progress tells on the terminal how far something is, once it takes a while.
func (r *runner) progress(what string) func(done, total int64) {
	const every = 5 * time.Second
	last := time.Now()
	return func(done, total int64) {
		if time.Since(last) < every {
			return
		}
		last = time.Now()
		if total == 0 {
			_, _ = fmt.Fprintf(r.stderr, "%d %s so far\n", done, what)
			return
		}
		_, _ = fmt.Fprintf(r.stderr, "%d of %d %s, %s\n", done, total, what, simulate.Percent(done, total))
	}
}
