package api

import "encoding/json"

// OAuthRegistration links a member to an account at an identity provider.
type OAuthRegistration struct {
	_ struct{} `schema:"api_organization_v1_OAuthRegistration"`

	ProviderType      string  `json:"provider_type"`
	ProviderSubject   string  `json:"provider_subject"`
	RegistrationID    string  `json:"member_oauth_registration_id"`
	ProfilePictureURL *string `json:"profile_picture_url"`
	Locale            *string `json:"locale"`
}

// SSORegistration links a member to an identity of a single sign-on connection.
type SSORegistration struct {
	_ struct{} `schema:"api_organization_v1_SSORegistration"`

	ConnectionID   string           `json:"connection_id"`
	ExternalID     string           `json:"external_id"`
	RegistrationID string           `json:"registration_id"`
	SSOAttributes  *json.RawMessage `json:"sso_attributes"`
}

// SCIMRegistration links a member to a user of a directory.
type SCIMRegistration struct {
	_ struct{} `schema:"api_organization_v1_SCIMRegistration"`

	ConnectionID   string          `json:"connection_id"`
	RegistrationID string          `json:"registration_id"`
	ExternalID     *string         `json:"external_id"`
	SCIMAttributes *SCIMAttributes `json:"scim_attributes"`
}

// SCIMAttributes are what the directory says about the user (RFC 7643 §4.1).
type SCIMAttributes struct {
	_ struct{} `schema:"api_b2b_scim_v1_SCIMAttributes"`

	ID                  string               `json:"id"`
	ExternalID          string               `json:"external_id"`
	UserName            string               `json:"user_name"`
	Active              bool                 `json:"active"`
	Name                *SCIMName            `json:"name"`
	DisplayName         string               `json:"display_name"`
	NickName            string               `json:"nick_name"`
	ProfileURL          string               `json:"profile_url"`
	UserType            string               `json:"user_type"`
	Title               string               `json:"title"`
	PreferredLanguage   string               `json:"preferred_language"`
	Locale              string               `json:"locale"`
	Timezone            string               `json:"timezone"`
	Addresses           []SCIMAddress        `json:"addresses"`
	Emails              []SCIMValue          `json:"emails"`
	Entitlements        []SCIMValue          `json:"entitlements"`
	Groups              []SCIMGroup          `json:"groups"`
	IMs                 []SCIMValue          `json:"ims"`
	PhoneNumbers        []SCIMValue          `json:"phone_numbers"`
	Photos              []SCIMValue          `json:"photos"`
	Roles               []SCIMValue          `json:"roles"`
	X509Certificates    []SCIMValue          `json:"x509certificates"`
	EnterpriseExtension *EnterpriseExtension `json:"enterprise_extension"`
}

// SCIMName is the name of a directory's user in parts.
type SCIMName struct {
	_ struct{} `schema:"api_b2b_scim_v1_Name"`

	Formatted       string `json:"formatted"`
	FamilyName      string `json:"family_name"`
	GivenName       string `json:"given_name"`
	MiddleName      string `json:"middle_name"`
	HonorificPrefix string `json:"honorific_prefix"`
	HonorificSuffix string `json:"honorific_suffix"`
}

// SCIMAddress is a postal address of a directory's user.
type SCIMAddress struct {
	_ struct{} `schema:"api_b2b_scim_v1_Address"`

	Formatted     string `json:"formatted"`
	StreetAddress string `json:"street_address"`
	Locality      string `json:"locality"`
	Region        string `json:"region"`
	PostalCode    string `json:"postal_code"`
	Country       string `json:"country"`
	Type          string `json:"type"`
	Primary       bool   `json:"primary"`
}

// SCIMValue is one value of an attribute that may have several: an address, a number, a role.
type SCIMValue struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

// SCIMGroup is a group of the directory that the user is in.
type SCIMGroup struct {
	_ struct{} `schema:"api_b2b_scim_v1_Group"`

	Value   string `json:"value"`
	Display string `json:"display"`
}

// EnterpriseExtension is the part of a directory's user that RFC 7643 §4.3 adds.
type EnterpriseExtension struct {
	_ struct{} `schema:"api_b2b_scim_v1_EnterpriseExtension"`

	EmployeeNumber string       `json:"employee_number"`
	CostCenter     string       `json:"cost_center"`
	Division       string       `json:"division"`
	Department     string       `json:"department"`
	Organization   string       `json:"organization"`
	Manager        *SCIMManager `json:"manager"`
}

// SCIMManager is whom the user reports to.
type SCIMManager struct {
	_ struct{} `schema:"api_b2b_scim_v1_Manager"`

	Value       string `json:"value"`
	Ref         string `json:"ref"`
	DisplayName string `json:"display_name"`
}
