package pdu

import "fmt"

// Status is the result that an answer tells (§5.1.3).
type Status uint32

// The results that mean something to us.
const (
	OK              Status = 0x00000000
	InvalidLength   Status = 0x00000001 // ESME_RINVMSGLEN
	InvalidCommand  Status = 0x00000003 // ESME_RINVCMDID
	WrongBindState  Status = 0x00000004 // ESME_RINVBNDSTS
	AlreadyBound    Status = 0x00000005 // ESME_RALYBND
	SystemError     Status = 0x00000008 // ESME_RSYSERR
	InvalidSource   Status = 0x0000000A // ESME_RINVSRCADR
	InvalidTo       Status = 0x0000000B // ESME_RINVDSTADR
	BindFailed      Status = 0x0000000D // ESME_RBINDFAIL
	InvalidPassword Status = 0x0000000E // ESME_RINVPASWD
	InvalidSystemID Status = 0x0000000F // ESME_RINVSYSID
	QueueFull       Status = 0x00000014 // ESME_RMSGQFUL
	SubmitFailed    Status = 0x00000045 // ESME_RSUBMITFAIL
	InvalidFromTON  Status = 0x00000048 // ESME_RINVSRCTON
	InvalidFromNPI  Status = 0x00000049 // ESME_RINVSRCNPI
	InvalidToTON    Status = 0x00000050 // ESME_RINVDSTTON
	InvalidToNPI    Status = 0x00000051 // ESME_RINVDSTNPI
	InvalidType     Status = 0x00000053 // ESME_RINVSYSTYP
	Throttled       Status = 0x00000058 // ESME_RTHROTTLED
	InvalidExpiry   Status = 0x00000062 // ESME_RINVEXPIRY
	TemporaryError  Status = 0x00000064 // ESME_RX_T_APPN
	PermanentError  Status = 0x00000065 // ESME_RX_P_APPN
)

// String writes the status as the specification does.
func (s Status) String() string { return fmt.Sprintf("0x%08X", uint32(s)) }
