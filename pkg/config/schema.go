package config

import (
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"
)

// Schema is the JSON Schema (draft 2020-12) of an experiment file, for editors.
// It allows what Load allows, but for the contradictions between keys.
func Schema() *jsonschema.Schema {
	s := schemaOf(reflect.ValueOf(defaultExperiment()))
	s.Version = jsonschema.Version
	s.Title = "snnctl experiment"
	return s
}

// schemaOf describes a struct; v holds its defaults.
func schemaOf(v reflect.Value) *jsonschema.Schema {
	reflector := jsonschema.Reflector{
		FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, DoNotReference: true, Anonymous: true, Mapper: schemaOfUnion}
	s := reflector.ReflectFromType(v.Type())
	s.Version = ""
	describeDefaults(s, v)
	return s
}

// schemaOfUnion describes an interface of unions; other types are not its own.
func schemaOfUnion(t reflect.Type) *jsonschema.Schema {
	if unions[t] == nil {
		return nil
	}
	s := &jsonschema.Schema{}
	for _, variant := range unions[t] {
		one := schemaOf(reflect.ValueOf(variant.defaults()))
		one.Title = variant.name
		one.Properties.Set("type", &jsonschema.Schema{Const: variant.name})
		_ = one.Properties.MoveToFront("type") // it is there
		one.Required = append([]string{"type"}, one.Required...)
		s.OneOf = append(s.OneOf, one)
	}
	return s
}

// describeDefaults adds to the schema of a struct what its tags do not say to
// the reflector: the defaults, and the keys that apply only sometimes.
func describeDefaults(s *jsonschema.Schema, v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		property, _ := s.Properties.Get(f.key)
		value := v.Field(f.index)
		switch value.Kind() {
		case reflect.Struct:
			describeDefaults(property, value)
		case reflect.Interface:
			if name := TypeName(value.Interface()); name != "" {
				property.Default = map[string]string{"type": name}
			}
		case reflect.Pointer:
		default:
			if !f.required && !f.omitEmpty {
				property.Default = value.Interface()
			}
		}
		if f.whenKey != "" {
			s.AllOf = append(s.AllOf, onlyWhen(s, &f))
		}
	}
}

// onlyWhen says: where the key of f is, its condition holds.
func onlyWhen(s *jsonschema.Schema, f *field) *jsonschema.Schema {
	condition, _ := s.Properties.Get(f.whenKey)
	var values []any
	for _, text := range f.whenValues {
		if condition.Type == "boolean" {
			values = append(values, text == "true")
		} else {
			values = append(values, text)
		}
	}
	then := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	if len(values) == 1 {
		then.Properties.Set(f.whenKey, &jsonschema.Schema{Const: values[0]})
	} else {
		then.Properties.Set(f.whenKey, &jsonschema.Schema{Enum: values})
	}
	if !slices.Contains(values, condition.Default) {
		then.Required = []string{f.whenKey}
	}
	return &jsonschema.Schema{If: &jsonschema.Schema{Required: []string{f.key}}, Then: then}
}
