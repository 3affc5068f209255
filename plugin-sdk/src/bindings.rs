//! What is generated from the WIT, one module for each world. Authors use the face in front of it.

pub mod segment {
    wit_bindgen::generate!({
        path: "wit",
        world: "segment-plugin",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_segment_world",
        default_bindings_module: "outreach_plugin_sdk::bindings::segment",
        runtime_path: "outreach_plugin_sdk::wit_bindgen::rt",
        bitflags_path: "outreach_plugin_sdk::bitflags",
    });
}

pub mod journey {
    wit_bindgen::generate!({
        path: "wit",
        world: "journey-plugin",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_journey_world",
        default_bindings_module: "outreach_plugin_sdk::bindings::journey",
        runtime_path: "outreach_plugin_sdk::wit_bindgen::rt",
        with: {
            "outreach:plugin/types@0.1.0": crate::bindings::segment::outreach::plugin::types,
            "outreach:plugin/log@0.1.0": crate::bindings::segment::outreach::plugin::log,
        },
    });
}

pub mod channel {
    wit_bindgen::generate!({
        path: "wit",
        world: "channel-plugin",
        additional_derives: [PartialEq],
        additional_derives_ignore: ["stream-error"],
        pub_export_macro: true,
        export_macro_name: "export_channel_world",
        default_bindings_module: "outreach_plugin_sdk::bindings::channel",
        runtime_path: "outreach_plugin_sdk::wit_bindgen::rt",
        generate_all,
        with: {
            "outreach:plugin/types@0.1.0": crate::bindings::segment::outreach::plugin::types,
            "outreach:plugin/log@0.1.0": crate::bindings::segment::outreach::plugin::log,
        },
    });
}

pub mod webhook {
    wit_bindgen::generate!({
        inline: "package outreach:sdk; world webhook-plugin { export outreach:plugin/webhook@0.1.0; }",
        path: "wit",
        world: "outreach:sdk/webhook-plugin",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_webhook_world",
        default_bindings_module: "outreach_plugin_sdk::bindings::webhook",
        runtime_path: "outreach_plugin_sdk::wit_bindgen::rt",
        with: {
            "outreach:plugin/types@0.1.0": crate::bindings::segment::outreach::plugin::types,
        },
    });
}
