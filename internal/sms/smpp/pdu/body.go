package pdu

// The greatest lengths of fields in octets, NUL included (§4.1.1 to §4.6.1).
const (
	maxSystemID        = 16
	maxPassword        = 9
	maxSystemType      = 13
	maxRange           = 41
	maxService         = 6
	maxAddress         = 21
	maxTime            = 17
	maxMessageID       = 65
	maxShort           = 254 // of short_message, which has no NUL
	version34     byte = 0x34
)

// Bind is the body of bind_transceiver (§4.1.5). No address range is asked for: the account has its own.
type Bind struct {
	SystemID, Password, SystemType string
}

// Encode writes the body. It fails when a field is too long.
func (b *Bind) Encode() ([]byte, error) {
	var w writer
	w.cString("system_id", b.SystemID, maxSystemID)
	w.cString("password", b.Password, maxPassword)
	w.cString("system_type", b.SystemType, maxSystemType)
	w.b = append(w.b, version34, 0, 0, 0) // interface_version, addr_ton, addr_npi, address_range
	return w.done()
}

// ParseBind reads the body.
func ParseBind(body []byte) (Bind, error) {
	r := reader{rest: body}
	b := Bind{
		SystemID:   r.cString("system_id", maxSystemID),
		Password:   r.cString("password", maxPassword),
		SystemType: r.cString("system_type", maxSystemType),
	}
	r.octets("interface_version, addr_ton, addr_npi", 3)
	r.cString("address_range", maxRange)
	if r.err == nil && len(r.rest) > 0 {
		r.fail("more than a bind")
	}
	return b, r.err
}

// Address is a number or name with its type (§5.2.5) and numbering plan (§5.2.6).
type Address struct {
	TON, NPI byte
	Text     string
}

func (w *writer) address(what string, a Address) {
	w.octet(a.TON)
	w.octet(a.NPI)
	w.cString(what, a.Text, maxAddress)
}

func (r *reader) address(what string) Address {
	return Address{TON: r.octet(what), NPI: r.octet(what), Text: r.cString(what, maxAddress)}
}

// What bits of esm_class say (§5.2.12).
const (
	ESMKind         byte = 0x3C // masks what a deliver_sm is
	ESMReceipt      byte = 0x04 // a delivery receipt of the SMSC
	ESMIntermediate byte = 0x20 // an intermediate notification
	ESMHeader       byte = 0x40 // the text begins with a user data header
)

// Registered asks for a receipt of success or failure (§5.2.17).
const Registered byte = 1

// Message is the body of submit_sm (§4.4.1) and deliver_sm (§4.6.1), which have one layout.
type Message struct {
	Service             string
	Source, Destination Address
	ESMClass            byte
	Protocol, Priority  byte
	Schedule, Validity  string
	Registered, Replace byte
	Coding, DefaultID   byte
	Short               []byte
	TLVs                TLVs
}

// Encode writes the body. It fails when a field is too long.
func (m *Message) Encode() ([]byte, error) {
	var w writer
	w.cString("service_type", m.Service, maxService)
	w.address("source_addr", m.Source)
	w.address("destination_addr", m.Destination)
	w.b = append(w.b, m.ESMClass, m.Protocol, m.Priority)
	w.cString("schedule_delivery_time", m.Schedule, maxTime)
	w.cString("validity_period", m.Validity, maxTime)
	w.b = append(w.b, m.Registered, m.Replace, m.Coding, m.DefaultID)
	if len(m.Short) > maxShort {
		w.fail("short_message")
		return w.done()
	}
	w.octet(byte(len(m.Short)))
	w.b = append(w.b, m.Short...)
	w.tlvs(m.TLVs)
	return w.done()
}

// ParseMessage reads the body. Slices of it are parts of the body given.
func ParseMessage(body []byte) (*Message, error) {
	r := reader{rest: body}
	m := &Message{
		Service:     r.cString("service_type", maxService),
		Source:      r.address("source_addr"),
		Destination: r.address("destination_addr"),
		ESMClass:    r.octet("esm_class"),
		Protocol:    r.octet("protocol_id"),
		Priority:    r.octet("priority_flag"),
		Schedule:    r.cString("schedule_delivery_time", maxTime),
		Validity:    r.cString("validity_period", maxTime),
		Registered:  r.octet("registered_delivery"),
		Replace:     r.octet("replace_if_present_flag"),
		Coding:      r.octet("data_coding"),
		DefaultID:   r.octet("sm_default_msg_id"),
	}
	length := int(r.octet("sm_length"))
	if length > maxShort {
		r.fail("sm_length")
	}
	m.Short = r.octets("short_message", length)
	m.TLVs = r.tlvs()
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// Text is what the message says, as octets: short_message, or message_payload in its place (§5.3.2.32).
func (m *Message) Text() []byte {
	if len(m.Short) > 0 {
		return m.Short
	}
	payload, _ := m.TLVs.Get(MessagePayload)
	return payload
}

// ParseMessageID reads the body of submit_sm_resp (§4.4.2). A refusal has none, which gives "".
func ParseMessageID(body []byte) (string, error) {
	if len(body) == 0 {
		return "", nil
	}
	r := reader{rest: body}
	id := r.cString("message_id", maxMessageID)
	r.tlvs() // some servers add their own
	return id, r.err
}

// EncodeMessageID writes the body of submit_sm_resp, and of deliver_sm_resp with "", which has nothing else to say
// (§4.6.2).
func EncodeMessageID(id string) ([]byte, error) {
	var w writer
	w.cString("message_id", id, maxMessageID)
	return w.done()
}
