;;; explog.el --- An experiment log that stays true to git  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; Author: The explog contributors
;; Maintainer: The explog contributors
;; Version: 0.1.0
;; Keywords: outlines, vc, tools
;; URL: https://github.com/explog/explog
;; Package-Requires: ((emacs "28.1"))
;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;; This program is free software; you can redistribute it and/or modify
;; it under the terms of the GNU General Public License as published by
;; the Free Software Foundation, either version 3 of the License, or
;; (at your option) any later version.

;; This program is distributed in the hope that it will be useful,
;; but WITHOUT ANY WARRANTY; without even the implied warranty of
;; MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
;; GNU General Public License for more details.

;; You should have received a copy of the GNU General Public License
;; along with this program.  If not, see <https://www.gnu.org/licenses/>.

;;; Commentary:

;; You write what you mean to try as numbered steps of an org entry, and
;; commit with `[e201.1]' in the subject.  The commit's hash then stands
;; on step 1, its box ticked and the cookies right, and it stays right
;; when history is rewritten.
;;
;;     (setq explog-logs '("~/research/experiment_log.org")
;;           explog-repositories '(("~/research" . 1)))
;;     (explog-mode 1)
;;
;; `explog-capture' writes a new experiment, C-c a ci lists those in
;; progress (if C-c a is your key for `org-agenda'), and `explog-search'
;; searches all logs and commits as you type.  A program in Python, the
;; server, reads logs and repositories and decides which hash belongs on
;; which step.  It runs in the background while `explog-mode' is on.

;;; Code:

(require 'explog-base)

(declare-function explog-server-last-problem "explog-server" ())
(declare-function explog-flags-remove "explog-attention" ())
(defvar explog-server-ready-hook)
(defvar explog-server-stopped-hook)

(autoload 'explog-attention-restart "explog-attention")
(autoload 'explog-commit-install "explog-commit")
(autoload 'explog-commit-uninstall "explog-commit")
(autoload 'explog-server-define "explog-server")
(autoload 'explog-server-ready-p "explog-server")
(autoload 'explog-server-start "explog-server")
(autoload 'explog-server-stop "explog-server")
(autoload 'explog-attention-show "explog-attention")
(autoload 'explog-edit-refresh "explog-edit")
(autoload 'explog-results-block-edited "explog-results-block")
(autoload 'explog-settings-check "explog-settings")
(autoload 'explog-settings-send "explog-settings")

;; An installed package has a file of autoloads, which is generated from
;; the cookies.  A checkout has none, so the autoloads are defined here.

(pcase-dolist (`(,file . ,commands)
               '(("explog-agenda-view" explog-agenda-view)
                 ("explog-attention" explog-attention)
                 ("explog-backfill" explog-backfill)
                 ("explog-capture" explog-capture)
                 ("explog-check" explog-check)
                 ("explog-dispatch" explog-dispatch)
                 ("explog-doctor" explog-doctor)
                 ("explog-history" explog-commits explog-diff)
                 ("explog-install" explog-install-server)
                 ("explog-conclude" explog-conclude)
                 ("explog-note" explog-note)
                 ("explog-report" explog-report explog-report-renew)
                 ("explog-results" explog-results)
                 ("explog-results-block" explog-results-insert)
                 ("explog-runs" explog-run explog-runs)
                 ("explog-start" explog-start)
                 ("explog-step" explog-add-step)
                 ("explog-ref" explog-ref-mode global-explog-ref-mode)
                 ("explog-search" explog-search)
                 ("explog-server" explog-restart)
                 ("explog-visit" explog-visit explog-mentions
                  explog-experiments-here)))
  (dolist (command commands)
    (autoload command file nil t)))

(pcase-dolist (`(,file . ,functions)
               '(("explog-agenda" explog-agenda-around)
                 ("explog-attention" explog-attention-set explog-flags-set)
                 ("explog-cache" explog-cache-changed)
                 ("explog-capture" explog-capture-around)
                 ("explog-edit" explog-edit-entries explog-edit-unsaved
                  explog-edit-file explog-edit-tell)
                 ("explog-embark" explog-embark-install)
                 ("explog-imenu" explog-imenu-around explog-imenu-instead)
                 ("explog-link" explog-link-install)
                 ("explog-log" explog-log-into-drawer-around)
                 ("explog-message" explog-message-install explog-message-complete)
                 ("explog-ref" explog-ref-at-point)
                 ("explog-report" org-dblock-write:explog-report)
                 ("explog-results-block" org-dblock-write:explog-results)
                 ("explog-search" explog-search-for explog-search-bookmark-handler)))
  (dolist (function functions)
    (autoload function file)))

;; `customize-group' shall show all options, also those of files that are
;; not loaded yet.
(dolist (library '(explog-agenda explog-agenda-scan explog-agenda-view
                   explog-attention explog-backfill explog-capture explog-check
                   explog-complete explog-doctor explog-edit explog-history explog-install
                   explog-lab explog-link explog-message explog-note explog-ref explog-report
                   explog-results explog-results-block
                   explog-review explog-search explog-server))
  (custom-add-load 'explog library))

;;;; State

(defvar explog--configure-timer nil
  "The timer that sends changed options to the server.")

(defun explog--option-changed (_symbol _value operation where)
  "Send the options to the server soon, after OPERATION changed one.
Do nothing if WHERE is a buffer, so that only its local value changed."
  (when (and (memq operation '(set makunbound)) (not where))
    (when explog--configure-timer
      (cancel-timer explog--configure-timer))
    (setq explog--configure-timer
          (run-with-timer 0.1 nil #'explog--start))))

;;;; The mode

;;;###autoload
(define-minor-mode explog-mode
  "Keep experiment logs true to git.
This adds a capture template and agenda commands, and runs a server in
the background that puts the hashes of commits behind the steps that
they complete.  When it is turned off, everything is removed again."
  :global t
  :group 'explog
  (if explog-mode
      (explog--turn-on)
    (explog--turn-off)))

(defconst explog--watched
  (append explog-server-options
          '(explog-agenda-prefix explog-capture-key
            lock-file-name-transforms org-archive-location
            org-checkbox-hierarchical-statistics org-inlinetask-min-level
            org-list-allow-alphabetical org-log-note-headings org-todo-keywords))
  "The variables whose changes are sent to the server.")

(defconst explog--parts
  '((ol . explog-link-install)
    (embark . explog-embark-install)
    (git-commit . explog-message-install)
    (log-edit . explog-message-install))
  "Alist of features and functions that connect `explog-mode' with them.
A function is called once both its feature and the mode are active.")

(defconst explog--ends
  '((explog-link . explog-link-uninstall)
    (explog-embark . explog-embark-uninstall)
    (explog-message . explog-message-uninstall)
    (explog-server . explog-server-stop)
    (explog-attention . explog-attention-remove)
    (explog-attention . explog-flags-remove))
  "Alist of features of explog and functions that undo their effects.
They are called in this order when the mode is turned off.")

(defconst explog--methods
  '(("entries" . explog-edit-entries)
    ("unsaved" . explog-edit-unsaved)
    ("edits" . explog-edit-file)
    ("tell" . explog-edit-tell)
    ("attention" . explog-attention-set)
    ("flags" . explog-flags-set)
    ("changed" . explog-cache-changed))
  "Alist of the methods that the server may call in Emacs, and functions.")

(defun explog--join ()
  "If the mode is on, connect it with the features that are loaded."
  (when explog-mode
    (pcase-dolist (`(,feature . ,install) explog--parts)
      (when (featurep feature)
        (funcall install)))))

(with-eval-after-load 'ol (explog--join))
(with-eval-after-load 'embark (explog--join))
(with-eval-after-load 'git-commit (explog--join))
(with-eval-after-load 'log-edit (explog--join))

(defun explog--turn-on ()
  "Set up `explog-mode', unless it is on already."
  (unless explog-since
    (setq explog-since (float-time))
    (pcase-dolist (`(,function . ,advice) explog-advice)
      (advice-add function :around advice))
    (explog-commit-install)
    (explog--join)
    (add-hook 'explog-server-ready-hook #'explog-settings-send)
    (add-hook 'explog-server-ready-hook #'explog--attend)
    (add-hook 'explog-server-stopped-hook #'explog--attend)
    (add-hook 'explog-cache-changed-functions #'explog-edit-refresh)
    (add-hook 'explog-edit-done-functions #'explog-results-block-edited)
    (dolist (variable explog--watched)
      (add-variable-watcher variable #'explog--option-changed))
    (if after-init-time
        (explog--start)
      (add-hook 'emacs-startup-hook #'explog--start))))

(defun explog--turn-off ()
  "Remove everything that `explog-mode' added."
  (pcase-dolist (`(,function . ,advice) explog-advice)
    (advice-remove function advice))
  (explog-commit-uninstall)
  (remove-hook 'explog-server-ready-hook #'explog-settings-send)
  (remove-hook 'explog-server-ready-hook #'explog--attend)
  (remove-hook 'explog-server-stopped-hook #'explog--attend)
  (remove-hook 'explog-cache-changed-functions #'explog-edit-refresh)
  (remove-hook 'explog-edit-done-functions #'explog-results-block-edited)
  (remove-hook 'emacs-startup-hook #'explog--start)
  (dolist (variable explog--watched)
    (remove-variable-watcher variable #'explog--option-changed))
  (when explog--configure-timer
    (cancel-timer explog--configure-timer))
  (setq explog--configure-timer nil
        explog-since nil
        explog-said nil)
  (pcase-dolist (`(,feature . ,end) explog--ends)
    (when (featurep feature)
      (funcall end))))

(defun explog--attend ()
  "Update the sign in the mode line and the flags after the server changed."
  (when (or (featurep 'explog-attention) (explog-server-last-problem))
    (explog-attention-restart))
  (when (featurep 'explog-attention)
    (explog-flags-remove)))

(defun explog--start ()
  "Start the server and send it the options, if any log or repository is set."
  (setq explog--configure-timer nil)
  (when explog-mode
    (when (or (explog-settings-check) (featurep 'explog-attention))
      (explog-attention-show))
    (if (not (explog-configured-p))
        (when (featurep 'explog-server)
          (explog-server-stop))
      (pcase-dolist (`(,method . ,function) explog--methods)
        (explog-server-define method function))
      (if (explog-server-ready-p)
          (explog-settings-send)
        (explog-server-start)))))

(provide 'explog)
;;; explog.el ends here
