package api

import (
	"context"
	"encoding/json"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/secret"
)

func (a *API) passwordMigration() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/passwords/migrate", "b2b.passwords.migrate", a.migratePassword, migrationErrors()...),
	}
}

func migrationErrors() []*errs.Error {
	return organizationErrors(
		errs.InvalidEmail, errs.PasswordAlreadyExists, errs.ActionNotAllowedEmailDomainIsClaimed,
		errs.DuplicateMemberEmail, errs.DuplicateMemberExternalID, errs.InvalidPhoneNumber,
		errs.InvalidPhoneNumberSandbox, errs.DuplicateMemberPhoneNumber, errs.DuplicateMemberPhoneNumberForMember,
		errs.InvalidRBACRoleID, errs.CannotAssignDefaultRBACRoleID, errs.TooManyRoles, errs.MetadataInvalidFormat,
		errs.MetadataTooManyKeys, errs.MetadataTooLarge,
		errs.InvalidBcryptHash, errs.InvalidBcryptCost,
		errs.InvalidScryptNParameter, errs.InvalidScryptParameters, errs.InvalidBase64ScryptHash,
		errs.InvalidBase64ScryptSalt, errs.InvalidScryptSaltLength, errs.ScryptKeyLengthMismatch,
		errs.InvalidArgon2Hash, errs.InvalidArgon2Salt, errs.InvalidArgon2IterationAmount, errs.InvalidArgon2Memory,
		errs.InvalidArgon2Threads, errs.InvalidArgon2KeyLength, errs.Argon2KeyLengthMismatch,
		errs.InvalidMd5Hash, errs.InvalidSha1Hash, errs.InvalidSha512Hash, errs.InvalidPrependSalt, errs.InvalidAppendSalt,
		errs.InvalidPhpassHashFormat, errs.InvalidPhpassHashPrefix,
		errs.InvalidPbkdf2Hash, errs.InvalidPbkdf2Salt, errs.InvalidPbkdf2IterationAmount, errs.InvalidPbkdf2Algorithm,
		errs.Pbkdf2KeyLengthMismatch)
}

// MigratePasswordRequest brings a password along from another system.
type MigratePasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_MigrateRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member's address. It counts as verified from here on.
	EmailAddress string `json:"email_address" api:"required"`
	// The hash as the other system wrote it.
	Hash secret.String `json:"hash" api:"required"`
	// What wrote it.
	HashType     string        `json:"hash_type" api:"required" enum:"bcrypt,md_5,argon_2i,argon_2id,sha_1,sha_512,scrypt,phpass,pbkdf_2"`
	MD5Config    *MD5Config    `json:"md_5_config"`
	Argon2Config *Argon2Config `json:"argon_2_config"`
	SHA1Config   *SHA1Config   `json:"sha_1_config"`
	SHA512Config *SHA512Config `json:"sha_512_config"`
	ScryptConfig *ScryptConfig `json:"scrypt_config"`
	PBKDF2Config *PBKDF2Config `json:"pbkdf_2_config"`
	// What the member is called.
	Name string `json:"name"`
	// Free JSON that only backends may write.
	TrustedMetadata json.RawMessage `json:"trusted_metadata"`
	// Free JSON that the member may write, too.
	UntrustedMetadata json.RawMessage `json:"untrusted_metadata"`
	// Ids of roles beside the one that every member has.
	Roles []string `json:"roles"`
	// Keeps sessions alive that hold a factor of a connection which gives a role that is taken away here.
	PreserveExistingSessions bool `json:"preserve_existing_sessions"`
	// The number for second factors, in E.164 form.
	MFAPhoneNumber phone.Input `json:"mfa_phone_number"`
	// Takes your word that the number is the member's.
	SetPhoneNumberVerified bool `json:"set_phone_number_verified"`
	// Your own id of the member, where this call makes one.
	ExternalID string `json:"external_id"`
}

// MD5Config holds what stood around the password.
type MD5Config struct {
	_ struct{} `schema:"api_password_v1_MD5Config"`

	PrependSalt string `json:"prepend_salt"`
	AppendSalt  string `json:"append_salt"`
}

// SHA1Config holds what stood around the password.
type SHA1Config struct {
	_ struct{} `schema:"api_password_v1_SHA1Config"`

	PrependSalt string `json:"prepend_salt"`
	AppendSalt  string `json:"append_salt"`
}

// SHA512Config holds what stood around the password.
type SHA512Config struct {
	_ struct{} `schema:"api_password_v1_SHA512Config"`

	PrependSalt string `json:"prepend_salt"`
	AppendSalt  string `json:"append_salt"`
}

// Argon2Config says how a hexadecimal hash was made. Encoded ones say it themselves.
type Argon2Config struct {
	_ struct{} `schema:"api_password_v1_Argon2Config"`

	// The salt as text.
	Salt            string `json:"salt" api:"required"`
	IterationAmount int32  `json:"iteration_amount" api:"required"`
	// In KiB.
	Memory  int32 `json:"memory" api:"required"`
	Threads int32 `json:"threads" api:"required"`
	// In bytes.
	KeyLength int32 `json:"key_length" api:"required"`
}

// ScryptConfig says how a base64 hash was made. PHC strings say it themselves.
type ScryptConfig struct {
	_ struct{} `schema:"api_password_v1_ScryptConfig"`

	// In base64.
	Salt string `json:"salt" api:"required"`
	// A power of two, above 1 and below 262145.
	NParameter int32 `json:"n_parameter" api:"required"`
	RParameter int32 `json:"r_parameter" api:"required"`
	PParameter int32 `json:"p_parameter" api:"required"`
	// In bytes.
	KeyLength int32 `json:"key_length" api:"required"`
}

// PBKDF2Config says how a base64 hash was made.
type PBKDF2Config struct {
	_ struct{} `schema:"api_password_v1_PBKDF2Config"`

	// In base64.
	Salt            string `json:"salt" api:"required"`
	IterationAmount int32  `json:"iteration_amount" api:"required"`
	// In bytes.
	KeyLength int32 `json:"key_length" api:"required"`
	// sha256, which is the default, or sha512.
	Algorithm string `json:"algorithm"`
}

func (in *MigratePasswordRequest) hash() password.Import {
	out := password.Import{Type: in.HashType, Hash: in.Hash.Reveal()}
	if c := in.Argon2Config; c != nil {
		out.Argon2 = &password.Argon2Config{
			Salt: c.Salt, Passes: c.IterationAmount, MemoryKiB: c.Memory, Threads: c.Threads, KeyLen: c.KeyLength,
		}
	}
	if c := in.ScryptConfig; c != nil {
		out.Scrypt = &password.ScryptConfig{
			Salt: c.Salt, N: c.NParameter, R: c.RParameter, P: c.PParameter, KeyLen: c.KeyLength,
		}
	}
	if c := in.PBKDF2Config; c != nil {
		out.PBKDF2 = &password.PBKDF2Config{
			Salt: c.Salt, Rounds: c.IterationAmount, KeyLen: c.KeyLength, Algorithm: c.Algorithm,
		}
	}
	switch {
	case in.HashType == password.TypeMD5 && in.MD5Config != nil:
		out.Salts = &password.Salts{Prepend: in.MD5Config.PrependSalt, Append: in.MD5Config.AppendSalt}
	case in.HashType == password.TypeSHA1 && in.SHA1Config != nil:
		out.Salts = &password.Salts{Prepend: in.SHA1Config.PrependSalt, Append: in.SHA1Config.AppendSalt}
	case in.HashType == password.TypeSHA512 && in.SHA512Config != nil:
		out.Salts = &password.Salts{Prepend: in.SHA512Config.PrependSalt, Append: in.SHA512Config.AppendSalt}
	}
	return out
}

// MigratePasswordResponse holds the member who has the password.
type MigratePasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_MigrateResponse"`
	MemberReply

	// Whether this call made the member.
	MemberCreated bool `json:"member_created"`
}

// Gives a member the hash that another system made of a password, and makes the member where there is none. The hash is
// verified as it is at the first login, and replaced by one of this server then.
func (a *API) migratePassword(
	ctx context.Context, c endpoint.Call, in *MigratePasswordRequest,
) (*MigratePasswordResponse, error) {
	m, err := a.Passwords.Migrate(ctx, c.Project, password.Migrate{
		Organization: in.OrganizationID, Email: in.EmailAddress, Hash: in.hash(), Name: in.Name, ExternalID: in.ExternalID,
		Roles: in.Roles, PreserveSessions: in.PreserveExistingSessions, Phone: in.MFAPhoneNumber,
		PhoneVerified: in.SetPhoneNumberVerified, TrustedMetadata: in.TrustedMetadata,
		UntrustedMetadata: in.UntrustedMetadata, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &MigratePasswordResponse{MemberReply: memberReply(c, &m.Found), MemberCreated: m.Created}, nil
}
