package api

import (
	"context"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
	"github.com/thimble-auth/thimble/internal/wording"
)

// templates lists the calls about what texts say. They are this server's own.
func (a *API) templates() []endpoint.Endpoint {
	const all, one, name = "/v1/thimble/templates", "/v1/thimble/templates/{locale}", "/v1/thimble/display_name"
	templateErrors := []*errs.Error{
		errs.TemplateCodeNotOnce, errs.TemplateUnknownPlaceholder, errs.TemplateForbiddenCharacter,
		errs.TemplateForbiddenLine, errs.TemplateTooLong,
	}
	saving := organizationErrors(append(templateErrors, errs.InvalidLocale)...)
	naming := organizationErrors(append(templateErrors, errs.InvalidDisplayName)...)
	return []endpoint.Endpoint{
		endpoint.GET(all, "thimble.templates.list", a.listTemplates, organizationErrors()...),
		endpoint.PUT(one, "thimble.templates.set", a.setTemplate, saving...),
		endpoint.DELETE(one, "thimble.templates.remove", a.removeTemplate,
			organizationErrors(errs.InvalidLocale, errs.TemplateNotFound)...),
		endpoint.POST(one+"/preview", "thimble.templates.preview", a.previewTemplate,
			organizationErrors(errs.InvalidLocale)...),
		endpoint.PUT(name, "thimble.display_name.set", a.setDisplayName, naming...),
		endpoint.DELETE(name, "thimble.display_name.remove", a.removeDisplayName,
			organizationErrors(errs.DisplayNameNotFound)...),
	}
}

// Template is what texts of one language say.
type Template struct {
	// The language, as in the locale of a send.
	Locale string `json:"locale" api:"required"`
	// With {code} where the code belongs, and {project} where the name does.
	Template string `json:"template" api:"required"`
	// Whose words they are.
	Source string `json:"source" api:"required" enum:"organization,project,shipped"`
	// What a text of a live project says.
	Preview TextPreview `json:"preview" api:"required"`
	// Why the template could not be saved today, because name, WebOTP domain or room have changed since. Texts have the
	// name shortened then, or the shipped words. Mostly empty.
	Problems []TemplateProblem `json:"problems" api:"required"`
}

// TextPreview is a text as its reader sees it, and as carriers count it.
type TextPreview struct {
	// The text with a made-up code. Empty for a template that cannot be filled in.
	Text string `json:"text" api:"required"`
	// GSM-7, or UCS-2 when some character is not in that alphabet. Empty without a text.
	Alphabet string `json:"alphabet" api:"required"`
	// How many SMS the text is.
	Segments int `json:"segments" api:"required"`
	// Its length in the alphabet's units, of which some characters take two.
	Length int `json:"length" api:"required"`
	// How many units there may be.
	Room int `json:"room" api:"required"`
	// The characters that make the text UCS-2, each once.
	UCS2Characters []string `json:"ucs2_characters" api:"required"`
}

// TemplateProblem is something that keeps a template from being saved.
type TemplateProblem struct {
	// The error that saving it would answer with.
	ErrorType    string `json:"error_type" api:"required"`
	ErrorMessage string `json:"error_message" api:"required"`
}

// ListTemplatesRequest names whose texts are meant.
type ListTemplatesRequest struct {
	// The organization, by id, slug or external id: what its members read. Without it, what all others do.
	OrganizationID ids.OrgRef `query:"organization_id"`
}

// ListTemplatesResponse holds what texts say in all languages.
type ListTemplatesResponse struct {
	endpoint.Reply

	// The organization's id; empty for the project's own wording.
	OrganizationID string `json:"organization_id" api:"required"`
	// The name for texts that is set here, empty for none.
	DisplayName string `json:"display_name" api:"required"`
	// What {project} says: the organization's display name, else the project's, else the project's name.
	Name string `json:"name" api:"required"`
	// How many SMS a text may take.
	MaxSegments int `json:"max_segments" api:"required"`
	// One for each language.
	Templates []Template `json:"templates" api:"required"`
}

// Lists what texts with a code say, in each language: the organization's words, else the project's, else those that the
// server ships. Texts of test projects name nobody: there, the shipped words without a name stand in for a template
// with {project}.
func (a *API) listTemplates(
	ctx context.Context, c endpoint.Call, in *ListTemplatesRequest,
) (*ListTemplatesResponse, error) {
	l, err := a.Wording.List(ctx, place(c, in.OrganizationID))
	if err != nil {
		return nil, err
	}
	return WireListing(l), nil
}

// SetTemplateRequest is wording for one language.
type SetTemplateRequest struct {
	// The language: one of those that a send takes as locale.
	Locale locale.Input `path:"locale"`
	// The organization, by id, slug or external id, whose members read it. Without it, it is the project's.
	OrganizationID ids.OrgRef `json:"organization_id"`
	// The text, with {code} exactly once, {project} where the name belongs, if anywhere, and no other braces. Line breaks
	// are allowed. The WebOTP line is added by itself.
	Template string `json:"template" api:"required"`
}

// TemplateResponse holds what texts of the language say from now on.
type TemplateResponse struct {
	endpoint.Reply

	Template Template `json:"template" api:"required"`
}

// Saves what texts of one language say, after checking that they have the code and, with name and WebOTP line filled in,
// fit into one SMS, or as many as the project allows. Other nodes of the server use a project's template within five
// seconds. Codes that are on their way keep their words.
func (a *API) setTemplate(ctx context.Context, c endpoint.Call, in *SetTemplateRequest) (*TemplateResponse, error) {
	e, err := a.Wording.Set(ctx, place(c, in.OrganizationID), in.Locale, in.Template)
	if err != nil {
		return nil, err
	}
	return &TemplateResponse{Template: wireTemplate(e)}, nil
}

// RemoveTemplateRequest names wording.
type RemoveTemplateRequest struct {
	// The language.
	Locale locale.Input `path:"locale"`
	// The organization, by id, slug or external id. Without it, the project's own template is meant.
	OrganizationID ids.OrgRef `query:"organization_id"`
}

// Removes a template: texts of the language say again what they did without it.
func (a *API) removeTemplate(
	ctx context.Context, c endpoint.Call, in *RemoveTemplateRequest,
) (*TemplateResponse, error) {
	e, err := a.Wording.Remove(ctx, place(c, in.OrganizationID), in.Locale)
	if err != nil {
		return nil, err
	}
	return &TemplateResponse{Template: wireTemplate(e)}, nil
}

// PreviewTemplateRequest is wording to be tried.
type PreviewTemplateRequest struct {
	// The language.
	Locale locale.Input `path:"locale"`
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id"`
	// The text, as for saving.
	Template string `json:"template" api:"required"`
	// A name to try. Without it, the one that texts use.
	DisplayName string `json:"display_name"`
}

// PreviewTemplateResponse holds what a text would say, and what is wrong with it.
type PreviewTemplateResponse struct {
	endpoint.Reply

	Preview TextPreview `json:"preview" api:"required"`
	// Empty when it could be saved.
	Problems []TemplateProblem `json:"problems" api:"required"`
}

// Checks a template without saving it, and shows the text that it makes.
func (a *API) previewTemplate(
	ctx context.Context, c endpoint.Call, in *PreviewTemplateRequest,
) (*PreviewTemplateResponse, error) {
	preview, problems, err := a.Wording.Preview(ctx, place(c, in.OrganizationID), wording.Draft{
		Locale: in.Locale, Template: in.Template, DisplayName: in.DisplayName,
	})
	if err != nil {
		return nil, err
	}
	return WirePreview(preview, problems), nil
}

// SetDisplayNameRequest is a name for texts.
type SetDisplayNameRequest struct {
	// The organization, by id, slug or external id, whose members read it. Without it, it is the project's.
	OrganizationID ids.OrgRef `json:"organization_id"`
	// 1 to 64 characters on one line.
	DisplayName string `json:"display_name" api:"required"`
}

// DisplayNameResponse holds the name.
type DisplayNameResponse struct {
	endpoint.Reply

	// What texts use from now on.
	DisplayName string `json:"display_name" api:"required"`
}

// Saves the name that texts of live projects use in the place of the project's, in the shipped words too. It is refused
// when a template in use would not fit with it.
func (a *API) setDisplayName(
	ctx context.Context, c endpoint.Call, in *SetDisplayNameRequest,
) (*DisplayNameResponse, error) {
	name, err := a.Wording.SetDisplayName(ctx, place(c, in.OrganizationID), in.DisplayName)
	if err != nil {
		return nil, err
	}
	return &DisplayNameResponse{DisplayName: name}, nil
}

// RemoveDisplayNameRequest names whose name is meant.
type RemoveDisplayNameRequest struct {
	// The organization, by id, slug or external id. Without it, the project's is meant.
	OrganizationID ids.OrgRef `query:"organization_id"`
}

// Removes the name for texts: they use the project's display name again, or its name.
func (a *API) removeDisplayName(
	ctx context.Context, c endpoint.Call, in *RemoveDisplayNameRequest,
) (*DisplayNameResponse, error) {
	name, err := a.Wording.RemoveDisplayName(ctx, place(c, in.OrganizationID))
	if err != nil {
		return nil, err
	}
	return &DisplayNameResponse{DisplayName: name}, nil
}

func place(c endpoint.Call, o ids.OrgRef) wording.Place {
	return wording.Place{Project: c.Project, Organization: o, RequestID: c.RequestID}
}

// WireListing gives the wording of all languages as the API tells it.
func WireListing(l *wording.Listing) *ListTemplatesResponse {
	out := &ListTemplatesResponse{
		OrganizationID: l.OrganizationID, DisplayName: l.DisplayName, Name: l.Name, MaxSegments: l.MaxSegments,
	}
	for _, e := range l.Entries {
		out.Templates = append(out.Templates, wireTemplate(e))
	}
	return out
}

// WirePreview gives the result of a check as the API tells it.
func WirePreview(p text.Preview, problems []*errs.Error) *PreviewTemplateResponse {
	return &PreviewTemplateResponse{Preview: wirePreview(p), Problems: wireProblems(problems)}
}

func wireTemplate(e wording.Entry) Template {
	return Template{
		Locale: string(e.Locale), Template: e.Template, Source: e.From, Preview: wirePreview(e.Preview),
		Problems: wireProblems(e.Problems),
	}
}

func wirePreview(p text.Preview) TextPreview {
	out := TextPreview{
		Text: p.Text, Alphabet: p.Alphabet, Segments: p.Segments, Length: p.Length, Room: p.Room,
		UCS2Characters: make([]string, len(p.UCS2)),
	}
	for i, r := range p.UCS2 {
		out.UCS2Characters[i] = string(r)
	}
	return out
}

func wireProblems(problems []*errs.Error) []TemplateProblem {
	all := make([]TemplateProblem, len(problems))
	for i, one := range problems {
		all[i] = TemplateProblem{ErrorType: one.Type, ErrorMessage: one.Message}
	}
	return all
}
