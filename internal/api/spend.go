package api

import (
	"context"
	"math"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/guard"
)

// spending lists the calls about money, which are this server's own.
func (a *API) spending() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.GET("/v1/thimble/spend", "thimble.spend.get", a.getSpend),
	}
}

// GetSpendRequest asks what the project's texts cost.
type GetSpendRequest struct{}

// GetSpendResponse tells it. All amounts are millionths of a US dollar; days are those of UTC.
type GetSpendResponse struct {
	endpoint.Reply
	SpendReport
}

// SpendReport is what the texts of a project cost.
type SpendReport struct {
	// USD.
	Currency string `json:"currency"`
	// Today, such as 2026-11-23.
	Day string `json:"day"`
	// Of all texts.
	Today SpendAmount `json:"today"`
	// Of all texts, today included.
	Last30Days SpendAmount `json:"last_30_days"`
	// The newest first. Days without texts are left out.
	Days []SpendDay `json:"days" api:"required"`
	// The dearest first.
	Countries []SpendCountry `json:"countries" api:"required"`
	// The dearest first, up to a hundred.
	Organizations []SpendOrganization `json:"organizations" api:"required"`
	// Those that counted a text today.
	Budgets []SpendBudget `json:"budgets" api:"required"`
}

// SpendAmount is what some texts cost.
type SpendAmount struct {
	Texts int64 `json:"texts"`
	// By estimate: no provider has named a price.
	ReservedMicros int64 `json:"reserved_micros"`
	// By the prices that providers named.
	ConfirmedMicros int64 `json:"confirmed_micros"`
}

// SpendDay is a day.
type SpendDay struct {
	Day    string      `json:"day"`
	Amount SpendAmount `json:"amount"`
}

// SpendCountry is a country that texts went to.
type SpendCountry struct {
	// ISO 3166-1 alpha-2, empty where the number tells none.
	Country    string      `json:"country"`
	Today      SpendAmount `json:"today"`
	Last30Days SpendAmount `json:"last_30_days"`
}

// SpendOrganization is an organization whose members were texted.
type SpendOrganization struct {
	OrganizationID string      `json:"organization_id"`
	Today          SpendAmount `json:"today"`
	Last30Days     SpendAmount `json:"last_30_days"`
}

// SpendBudget is a budget on the day.
type SpendBudget struct {
	// project, organization or country.
	Scope string `json:"scope"`
	// Id of the organization or code of the country.
	Name string `json:"name"`
	// Spent and reserved.
	SpentMicros int64 `json:"spent_micros"`
	// What it ends at; -1 for no end.
	LimitMicros int64 `json:"limit_micros"`
	// Of it for numbers that their member has not verified.
	UnverifiedMicros      int64 `json:"unverified_micros"`
	UnverifiedLimitMicros int64 `json:"unverified_limit_micros"`
}

// Tells what the project's texts cost today and in the last 30 days, by country and organization, and how much of its
// budgets is used up. Amounts are in millionths of a US dollar.
func (a *API) getSpend(ctx context.Context, c endpoint.Call, _ *GetSpendRequest) (*GetSpendResponse, error) {
	report, err := a.Guard.Spend(ctx, c.Project)
	if err != nil {
		return nil, err
	}
	return &GetSpendResponse{SpendReport: WireSpend(report)}, nil
}

// WireSpend gives a report as the API tells it.
func WireSpend(r *guard.Report) SpendReport {
	w := SpendReport{
		Currency: "USD", Day: guard.DayText(r.Day), Today: wireAmount(r.Total.Today), Last30Days: wireAmount(r.Total.Days),
		Days: make([]SpendDay, len(r.PerDay)), Countries: make([]SpendCountry, len(r.Country)),
		Organizations: make([]SpendOrganization, len(r.Organization)), Budgets: make([]SpendBudget, len(r.Budgets)),
	}
	for i, l := range r.PerDay {
		w.Days[i] = SpendDay{l.Name, wireAmount(l.Today)}
	}
	for i, l := range r.Country {
		w.Countries[i] = SpendCountry{l.Name, wireAmount(l.Today), wireAmount(l.Days)}
	}
	for i, l := range r.Organization {
		w.Organizations[i] = SpendOrganization{l.Name, wireAmount(l.Today), wireAmount(l.Days)}
	}
	for i, b := range r.Budgets {
		w.Budgets[i] = SpendBudget{
			Scope: b.Scope, Name: b.Name, SpentMicros: b.Spent, LimitMicros: wireLimit(b.Most), UnverifiedMicros: b.Unverified,
			UnverifiedLimitMicros: wireLimit(b.MostUnverified),
		}
	}
	return w
}

func wireAmount(a guard.Amount) SpendAmount {
	return SpendAmount{Texts: a.Texts, ReservedMicros: a.Reserved, ConfirmedMicros: a.Confirmed}
}

func wireLimit(micros int64) int64 {
	if micros == math.MaxInt64 {
		return -1
	}
	return micros
}
