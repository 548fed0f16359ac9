package store

import (
	"strings"
	"time"
)

// MarshalText writes RFC 3339 with Z and no fraction.
func (s Second) MarshalText() ([]byte, error) { return s.UTC().AppendFormat(nil, time.RFC3339), nil }

// MarshalJSON writes the same as MarshalText, in quotes.
func (s Second) MarshalJSON() ([]byte, error) {
	return s.Append(make([]byte, 0, len(`"2006-01-02T15:04:05Z"`))), nil
}

// Append writes what MarshalJSON does behind b.
func (s Second) Append(b []byte) []byte {
	return append(s.UTC().AppendFormat(append(b, '"'), time.RFC3339), '"') // this layout alone has a fast way
}

// AppendFactors writes factors as asJSON does. Every session check writes some into its JWT.
func AppendFactors(b []byte, factors []Factor) []byte {
	if factors == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range factors {
		if i > 0 {
			b = append(b, ',')
		}
		b = factors[i].append(b)
	}
	return append(b, ']')
}

func (f *Factor) append(b []byte) []byte {
	if (f.Email == nil) == (f.Phone == nil) || f.TOTP != nil || f.Recovery != nil || f.Trusted != nil {
		return append(b, asJSON(f)...) // the rarer kinds
	}
	b = AppendString(append(b, `{"type":`...), f.Type)
	b = AppendString(append(b, `,"delivery_method":`...), f.DeliveryMethod)
	b = f.LastAuthenticatedAt.Append(append(b, `,"last_authenticated_at":`...))
	b = f.CreatedAt.Append(append(b, `,"created_at":`...))
	b = f.UpdatedAt.Append(append(b, `,"updated_at":`...))
	b = AppendString(append(b, `,"sequence_order":`...), f.SequenceOrder)
	if f.Email != nil {
		b = AppendString(append(b, `,"email_factor":{"email_id":`...), f.Email.EmailID)
		b = AppendString(append(b, `,"email_address":`...), f.Email.Email)
		return append(b, "}}"...)
	}
	b = AppendString(append(b, `,"phone_number_factor":{"phone_id":`...), f.Phone.PhoneID)
	b = AppendString(append(b, `,"phone_number":`...), f.Phone.Phone)
	return append(b, "}}"...)
}

// AppendString writes a text as a JSON string, as encoding/json does.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(b, asJSON(s)...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// plainFactors reads factors that are written exactly as asJSON does, with no character that it escapes: nearly all that
// rows hold. Every session check reads some, and encoding/json took a tenth of the whole call for it.
func plainFactors(text string) ([]Factor, bool) {
	p := &plainText{text, true}
	p.need("[")
	factors := make([]Factor, 0, 2)
	for more := true; more && p.ok; more = p.skip(",") {
		factors = append(factors, p.factor())
	}
	p.need("]")
	return factors, p.ok && p.rest == ""
}

// plainText is what is left of a text. It is not ok any more once something else came than was needed.
type plainText struct {
	rest string
	ok   bool
}

func (p *plainText) factor() Factor {
	f := Factor{
		Type: p.value(`{"type":"`), DeliveryMethod: p.value(`,"delivery_method":"`),
		LastAuthenticatedAt: p.second(`,"last_authenticated_at":"`), CreatedAt: p.second(`,"created_at":"`),
		UpdatedAt: p.second(`,"updated_at":"`), SequenceOrder: p.value(`,"sequence_order":"`),
	}
	switch {
	case p.skip(`,"email_factor":{`):
		f.Email = &EmailFactor{EmailID: p.value(`"email_id":"`), Email: p.value(`,"email_address":"`)}
		p.need("}")
	case p.skip(`,"phone_number_factor":{`):
		f.Phone = &PhoneFactor{PhoneID: p.value(`"phone_id":"`), Phone: p.value(`,"phone_number":"`)}
		p.need("}")
	}
	p.need("}")
	return f
}

// skip goes over the literal and reports whether it was there.
func (p *plainText) skip(literal string) bool {
	rest, found := strings.CutPrefix(p.rest, literal)
	p.rest = rest
	return found
}

func (p *plainText) need(literal string) { p.ok = p.skip(literal) && p.ok }

// value reads a string behind the literal, to its closing quote. A quote inside it has a backslash in front.
func (p *plainText) value(before string) string {
	p.need(before)
	value, rest, closed := strings.Cut(p.rest, `"`)
	p.rest = rest
	p.ok = p.ok && closed && !strings.Contains(value, `\`)
	return value
}

func (p *plainText) second(before string) Second {
	at, err := time.Parse(time.RFC3339, p.value(before))
	p.ok = p.ok && err == nil
	return Second{at}
}
