;;; explog-lab.el --- What the members of a group have published  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A search with scope:lab also finds what other members of a group have
;; published; see `explog-lab'.  RET on a commit shows its page on the web,
;; and on anything else what is published of the experiment.
;;
;; That text is other people's.  It is shown as it is, and not in org mode,
;; which follows links, draws pictures and runs programs.

;;; Code:

(require 'browse-url)
(require 'cl-lib)
(require 'explog-base)
(require 'explog-search)
(require 'explog-server)
(require 'seq)

(cl-defstruct (explog-lab-passage (:type vector) (:constructor nil) (:copier nil))
  "A part of an entry as the server sends it; STEP is nil unless it is of one."
  kind step title text)

(defface explog-lab-title '((t :inherit explog-search-experiment))
  "The title of an experiment that somebody else has published."
  :group 'explog)

(defface explog-lab-kind '((t :inherit shadow))
  "What a part of a published entry is, such as a note."
  :group 'explog)

(defvar-local explog-lab--asked nil
  "The entry in this buffer: (EXPERIMENT SOURCE LOG MEMBERS).")

(define-derived-mode explog-lab-mode special-mode "Explog Lab"
  "What a member of the group has published of an experiment."
  (setq-local revert-buffer-function #'explog-lab--revert)
  (setq-local bidi-paragraph-direction nil)
  (visual-line-mode 1))

(defun explog-lab-visit (hit)
  "Show HIT, which other members of the group have published."
  (if (explog-search-hit-commit hit)
      (explog-lab--browse (explog-search-shared-page hit))
    (let ((experiment (explog-search-hit-experiment hit)))
      (if experiment
          (explog-lab--show (list experiment
                                  (explog-search-shared-source hit)
                                  (explog-search-hit-file hit)
                                  (explog-search-members hit)))
        (explog-lab--fill (explog-lab--buffer)
                          (list nil nil (explog-search-hit-file hit)
                                (explog-search-members hit))
                          (list (vector "text" nil (explog-search-hit-title hit)
                                        (explog-search-snippet hit))))
        (pop-to-buffer (explog-lab--buffer))))))

(defun explog-lab--browse (page)
  "Show PAGE, of a commit, in a browser."
  (unless (and page (string-match-p "\\`https?://[^[:space:][:cntrl:]\"]+\\'" page))
    (user-error "This commit has no page on the web"))
  (browse-url page))

(defun explog-lab--buffer ()
  "Return the buffer for what is published."
  (let ((buffer (get-buffer-create "*explog lab*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'explog-lab-mode)
        (explog-lab-mode)))
    buffer))

(defun explog-lab--show (asked)
  "Show the entry that ASKED names; see `explog-lab--asked'."
  (let ((buffer (explog-lab--buffer)))
    (explog-lab--fill buffer asked nil "asking the group")
    (pop-to-buffer buffer)
    (explog-server-call
     "lab-entry" (seq-take asked 3)
     :success (lambda (passages)
                (explog-lab--answered buffer asked passages nil))
     :error (lambda (problem)
              (explog-lab--answered buffer asked nil (plist-get problem :message))))))

(defun explog-lab--answered (buffer asked passages remark)
  "Fill BUFFER with PASSAGES and REMARK if it is still for what was ASKED."
  (when (and (buffer-live-p buffer)
             (equal asked (buffer-local-value 'explog-lab--asked buffer)))
    (explog-lab--fill buffer asked passages remark)))

(defun explog-lab--fill (buffer asked passages &optional remark)
  "Show PASSAGES of what was ASKED in BUFFER, and REMARK, a sentence."
  (pcase-let ((`(,experiment ,_source ,log ,members) asked))
    (with-current-buffer buffer
      (setq explog-lab--asked asked)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (propertize
                 (format "%s%s of %s%s\n"
                         (if experiment (format "e%s in " experiment) "")
                         (file-name-nondirectory log) members
                         (if remark (format " (%s)" remark) ""))
                 'face 'explog-lab-title))
        (seq-doseq (passage passages)
          (insert "\n"
                  (propertize (concat (explog-lab-passage-kind passage)
                                      (if-let ((step (explog-lab-passage-step passage)))
                                          (concat " " step)
                                        ""))
                              'face 'explog-lab-kind)
                  "\n" (explog-lab-passage-text passage) "\n")))
      (goto-char (point-min))
      (set-buffer-modified-p nil))))

(defun explog-lab--revert (&rest _)
  "Ask again for the entry in this buffer."
  (when (car explog-lab--asked)
    (explog-lab--show explog-lab--asked)))

;; With evil and meow as well.
(explog-keep-keys 'explog-lab-mode explog-lab-mode-map)

(provide 'explog-lab)
;;; explog-lab.el ends here
