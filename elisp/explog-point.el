;;; explog-point.el --- What the point is on  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What the commands that lead from experiments to commits and back begin
;; with: the experiment, step, reference or commit that the point is on,
;; in a log, an agenda, a list of ours, magit, vc, or any other text.
;;
;; Looking at it is cheap: nothing is asked of the server, and no process
;; is started but what magit itself may run to tell whether a word is a
;; commit.  Only what a commit refers to has to be asked of git.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-complete)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-ref)
(require 'explog-server)
(require 'seq)
(require 'subr-x)

(declare-function log-view-current-tag "log-view" (&optional pos))
(declare-function vc-annotate-extract-revision-at-line "vc-annotate" ())
(declare-function magit-commit-at-point "magit-git" ())
(defvar magit-buffer-revision)

(cl-defstruct (explog-point (:constructor explog-point--make) (:copier nil))
  "What the point is on.
KIND is one of the symbols `step', `experiment', `reference', `hit' and
`commit'.  ID and STEP are strings, COMMIT is a revision of REPOSITORY,
and each of them nil where it does not apply."
  kind id step commit repository)

(defun explog-point ()
  "Return what the point is on, or nil."
  (or (explog-point--in-list)
      (explog-point--on-reference)
      (explog-point--on-commit)
      (explog-point--in-agenda)
      (explog-point--in-log)
      (explog-point--writing)))

(defun explog-point--in-list ()
  "Return what the line of a list of ours is on, or nil.
Such a line has the text property `explog-point': a plist with what
`explog-point--make' takes."
  (when-let ((place (get-text-property (line-beginning-position) 'explog-point)))
    (apply #'explog-point--make place)))

(defun explog-point--on-reference ()
  "Return the reference that the point is on, or nil."
  (pcase (explog-ref-here)
    (`(,id ,step . ,_) (explog-point--make :kind 'reference :id id :step step))))

(defun explog-point--on-commit ()
  "Return the commit that the point is on in magit or vc, or nil."
  (when-let ((commit (cond ((derived-mode-p 'magit-mode)
                            (or (magit-commit-at-point)
                                (bound-and-true-p magit-buffer-revision)))
                           ((bound-and-true-p magit-blame-mode)
                            (magit-commit-at-point))
                           ((derived-mode-p 'log-view-mode)
                            (log-view-current-tag))
                           ((derived-mode-p 'vc-annotate-mode)
                            (explog-point--annotated)))))
    (explog-point--make :kind 'commit :commit (substring-no-properties commit)
                        :repository default-directory)))

(defun explog-point--annotated ()
  "Return the commit that the line of an annotated file is from, or nil."
  (let ((revision (vc-annotate-extract-revision-at-line)))
    (if (consp revision)                ; and the name of the file in it
        (car revision)
      revision)))

(defun explog-point--in-agenda ()
  "Return the experiment that the line of an agenda is on, or nil."
  (when-let ((marker (and (derived-mode-p 'org-agenda-mode)
                          (or (get-text-property (line-beginning-position) 'org-hd-marker)
                              (get-text-property (line-beginning-position) 'org-marker))))
             (buffer (marker-buffer marker)))
    (with-current-buffer buffer
      (and (explog-log-buffer-p)
           (save-excursion
             (save-restriction
               (widen)
               (goto-char marker)
               (beginning-of-line)
               (when-let ((id (explog-heading-experiment-id)))
                 (explog-point--make :kind 'experiment :id id))))))))

(defun explog-point--in-log ()
  "Return the experiment or step that the point is in, or nil."
  (pcase (explog-ref-at-point)
    (`(,id . ,step)
     (explog-point--make :kind (if step 'step 'experiment) :id id :step step))))

;;;; Commits

(defun explog-point-message-p ()
  "Return non-nil in a buffer with the message of a commit to be made."
  (or (bound-and-true-p git-commit-mode)
      (derived-mode-p 'log-edit-mode)))

(defun explog-point--writing ()
  "Return what the commit message in this buffer refers to first, or nil."
  (when (explog-point-message-p)
    (pcase (explog-point--in-message)
      (`((,id . ,step) . ,_)
       (explog-point--make :kind 'reference :id id :step step)))))

(defun explog-point--in-message ()
  "Return the references in the commit message that this buffer has."
  (let ((text (save-restriction
                (widen)
                (buffer-substring-no-properties (point-min) (point-max)))))
    (explog-ref-in-message
     (replace-regexp-in-string
      "^#.*" ""
      ;; What `git commit --verbose' shows of the change is no message.
      (substring text 0 (string-match "^# -+ >8 -+$" text))))))

(defun explog-point-references (point)
  "Return a list of (ID . STEP): what the commit that POINT is on refers to.
The server may not have seen it yet, so git is asked."
  (let ((text (explog-point-git point "cat-file" "commit" (explog-point-commit point))))
    (and text
         (explog-ref-in-message
          (substring text (or (string-match "\n\n" text) 0))))))

(defun explog-point-git (point &rest args)
  "Return what git prints with ARGS, or nil if it fails.
It runs in the repository of POINT, or the current one if that is nil."
  (let ((default-directory (or (and point (explog-point-repository point))
                               default-directory)))
    (unless (file-remote-p default-directory)
      (with-temp-buffer
        (when (eq 0 (apply #'call-process "git" nil '(t nil) nil args))
          (string-trim-right (buffer-string)))))))

;;;; For commands

(defun explog-point-meant ()
  "Return a list of (ID . STEP), the likeliest first, of what may be meant here.
That is what the point is on, or what the commit that it is on refers
to, or the message of one that is being written."
  (let ((point (explog-point)))
    (cond ((null point) nil)
          ((and (explog-point-message-p) (not (explog-ref-here)))
           (explog-point--in-message))
          ((explog-point-id point)
           (list (cons (explog-point-id point) (explog-point-step point))))
          (t (explog-point-references point)))))

(defun explog-point-reference (prompt)
  "Return (ID . STEP) of what is meant here; ask with PROMPT if that is open.
With a prefix argument, ask always."
  (or (and (not current-prefix-arg)
           (explog-point-choose prompt (explog-point-meant)))
      (explog-ref-parse (explog-read-reference prompt))))

(defun explog-point-choose (prompt references)
  "Ask with PROMPT for one of REFERENCES, a list of (ID . STEP).
RET takes the first.  If there is just one, or none, return it without asking."
  (if (null (cdr references))
      (car references)
    (explog-complete-read
     (string-remove-suffix ": " prompt)
     (mapcar (lambda (reference)
               (cons (explog-ref-string (car reference) (cdr reference)) reference))
             references)
     :category 'explog-reference)))

(defun explog-point-ask (method args &rest keys)
  "Return what METHOD of the server answers to the list ARGS, and wait for it.
KEYS are as in `explog-server-call-sync'.  Whatever goes wrong is a
`user-error'."
  (explog-need-mode)
  (condition-case err
      (apply #'explog-server-call-sync method args keys)
    (explog-error (user-error "%s" (nth 2 err)))))

(provide 'explog-point)
;;; explog-point.el ends here
