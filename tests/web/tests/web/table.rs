//! The table: which rows are asked of which adapters. Each row becomes a test of each adapter.

/// Makes a module of tests for an adapter, of lists of rows.
macro_rules! tests {
    ($($name:ident = $adapter:ident: $($list:ident),+;)*) => {
        $(
            mod $name {
                $($crate::table::$list!($adapter);)+
            }
        )*
    };
}

/// Makes tests of a list of rows.
macro_rules! rows {
    ($adapter:ident $($topic:ident { $($row:ident,)* })*) => {
        $(
            mod $topic {
                $(
                    #[test]
                    fn $row() {
                        $crate::run($crate::site::Adapter::$adapter, &$crate::rows::$topic::$row);
                    }
                )*
            }
        )*
    };
}

/// Rows for attributes and layers alike.
macro_rules! all {
    ($adapter:ident) => {
        mod all {
            $crate::table::rows! { $adapter
                ages {
                    an_entry_ends_with_its_timeout,
                    every_hit_tells_its_age,
                    the_age_that_it_came_with_adds_up,
                    the_date_of_the_handler_stays,
                    dates_and_ages_add_up,
                }
                attacks {
                    deception_by_a_suffix,
                    methods_in_fields,
                    forwarded_hosts,
                    failures_on_request,
                    disguised_credentials,
                    parts_that_look_like_others,
                    two_hosts,
                    nobody_waits_behind_what_is_not_kept,
                }
                bodies {
                    one_of_unknown_length_passes,
                    one_of_unknown_length_is_copied_on_request,
                    a_limit_is_kept_to,
                    the_default_limit_is_two_mebibytes,
                    the_first_byte_is_not_delayed,
                    the_first_byte_of_a_long_body_is_not_delayed,
                    endless_streams_flow,
                    endless_floods_flow,
                    what_breaks_off_is_not_kept,
                    a_length_that_lies_is_not_kept,
                    what_nobody_reads_to_its_end_is_not_kept,
                    of_a_known_length_it_is_kept_however_it_comes,
                }
                crowds {
                    a_thousand_wait_for_one_run,
                    a_thousand_private_pages_are_a_thousand_runs,
                    a_thousand_cookies_are_a_thousand_runs,
                    streams_are_not_shared,
                    a_failure_of_the_first_is_not_everybodys,
                    who_leaves_hands_over,
                    hits_wait_for_nobody,
                }
                directives {
                    these_refuse,
                    these_do_not,
                    lines_stay_as_they_are,
                    a_shorter_lifetime_counts,
                    what_has_expired_is_not_kept,
                    never_ends_where_the_response_says,
                }
                failures {
                    a_failure_is_everybodys_own,
                    an_older_response_stands_in,
                    it_does_so_for_its_time,
                    it_spares_the_handler,
                    nothing_stands_in_for_other_answers,
                    nothing_stands_in_for_who_goes_around_the_cache,
                }
                fields {
                    lines_keep_their_order,
                    bytes_stay_bytes,
                    bodies_stay_bytes,
                    empty_bodies_and_values_are_kept,
                    what_describes_the_page_is_kept,
                    fields_of_the_connection_are_not_kept,
                    hits_have_one_length,
                    older_clients_are_served,
                }
                keys {
                    a_page_is_loaded_once,
                    pages_are_apart,
                    nested_routes_are_apart,
                    queries_in_one_form_share_an_entry,
                    different_queries_never_share_one,
                    paths_and_queries_are_apart,
                    hosts_are_apart,
                    hosts_may_be_left_out,
                    names_may_be_ignored,
                    names_may_be_chosen,
                }
                requests {
                    head_is_answered_from_the_entry_of_get,
                    head_never_leaves_an_empty_page,
                    connections_live_on_after_head,
                    other_methods_neither_read_nor_write,
                    a_get_with_a_body_neither_reads_nor_writes,
                    a_length_of_zero_is_no_body,
                    conditions_of_the_handler_neither_read_nor_write,
                    who_wants_no_trace_leaves_none,
                    a_part_is_not_kept,
                    clients_may_not_refresh,
                    clients_may_refresh_where_they_are_let,
                    head_of_a_stream,
                }
                said {
                    hits_and_misses,
                    variants,
                    bypasses,
                    what_is_not_kept,
                    never_the_key,
                    nothing_where_it_is_off,
                    others_have_their_say,
                    clients_are_told_nothing_by_default,
                    clients_are_told_what_is_asked_for,
                }
                statuses {
                    these_are_kept,
                    one_without_content_is_kept,
                    these_are_not,
                    lifetimes_that_they_declare_change_nothing,
                    not_modified_is_not_kept,
                    what_is_missing_is_kept_on_request_and_for_as_long_as_asked,
                    other_failures_are_not_kept_where_what_is_missing_is,
                }
                tags {
                    a_tag_drops_all_that_carries_it,
                    variants_carry_tags_too,
                    clearing_drops_everything,
                }
                users {
                    credentials_neither_read_nor_write,
                    credentials_may_be_ignored,
                    cookies_that_are_set_are_for_one,
                    each_user_has_pages_of_their_own,
                    users_are_told_apart_exactly,
                }
                validators {
                    a_body_has_a_weak_tag,
                    tags_may_be_strong_or_none,
                    the_tag_of_the_handler_stays,
                    a_tag_that_matches_is_answered_with_304,
                    a_date_that_matches_is_answered_with_304,
                    a_tag_takes_precedence_over_a_date,
                    not_modified_carries_what_it_has_to,
                    connections_live_on_after_304,
                    head_may_be_conditional,
                    a_condition_on_a_cold_page_loads_all_of_it,
                    a_page_that_has_changed_is_sent,
                    only_200_turns_into_304,
                }
                variants {
                    values_are_apart,
                    absent_differs_from_empty,
                    a_star_is_not_kept,
                    all_lines_and_names_count,
                    values_are_joined_unambiguously,
                    a_page_may_come_to_vary_by_more,
                    fields_may_be_named_beforehand,
                    fields_named_beforehand_add_to_those_of_the_response,
                    cookies_are_apart_where_credentials_are_ignored,
                }
            }
        }
    };
}

/// Rows about what only attributes know.
macro_rules! attributes {
    ($adapter:ident) => {
        mod attributes {
            $crate::table::rows! { $adapter
                directives {
                    a_closure_says_for_how_long,
                }
                failures {
                    a_closure_says_what_is_a_failure,
                    who_takes_too_long_is_given_up,
                    an_older_response_stands_in_for_who_takes_too_long,
                }
                keys {
                    a_template_is_the_whole_key_but_for_the_host,
                }
                orders {
                    values_are_cached,
                    responses_are_cached,
                }
                requests {
                    unless_goes_around_the_cache,
                    refresh_loads_anew,
                }
                statuses {
                    a_closure_chooses,
                }
                tags {
                    a_handler_that_changes_an_item_drops_its_page,
                    one_that_fails_drops_nothing,
                    a_load_that_a_change_overtakes_is_not_kept,
                    responses_name_tags,
                }
                users {
                    users_come_from_middleware,
                    who_may_not_ask_gets_no_hit,
                }
            }
        }
    };
}

/// Rows about what rocket does not tell its handlers, nor us: bytes that are no text, and the host of a
/// request's target.
macro_rules! bytes {
    ($adapter:ident) => {
        mod bytes {
            $crate::table::rows! { $adapter
                attacks {
                    a_host_in_the_target,
                }
                variants {
                    bytes_that_are_no_text_are_apart,
                }
            }
        }
    };
}

/// Rows about what only the tower layer does.
macro_rules! tower {
    ($adapter:ident) => {
        mod tower {
            $crate::table::rows! { $adapter
                requests {
                    head_behind_a_layer_fills_the_entry_of_get,
                }
            }
        }
    };
}

/// Rows about loads that nobody waits for.
macro_rules! background {
    ($adapter:ident) => {
        mod background {
            $crate::table::rows! { $adapter
                background {
                    a_stale_page_is_renewed_behind_its_answer,
                    a_failure_leaves_the_page_as_it_is,
                    what_is_private_is_not_kept,
                    a_page_is_renewed_ahead_of_its_end,
                    who_is_slow_goes_on_behind_an_older_answer,
                    variants_are_renewed_apart,
                }
            }
        }
    };
}

pub(crate) use {all, attributes, background, bytes, rows, tests, tower};
